package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.signature.ModelSignature;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** Writes flavors and signatures into columns and reads them back. Thread-safe. */
final class PackageColumns {
  // Whole numbers come back as they are in an MLmodel file: as Long.
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);

  private PackageColumns() {}

  static String flavors(List<Flavor> flavors) {
    try {
      return JSON.writeValueAsString(flavors);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Flavor> flavors(String text) {
    try {
      return JSON.readValue(text, new TypeReference<List<Flavor>>() {});
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Optional<ModelSignature> signature(ModelVersionRow row) {
    if (row.signatureInputs() == null
        && row.signatureOutputs() == null
        && row.signatureParams() == null) {
      return Optional.empty();
    }
    return Optional.of(
        ModelSignature.parse(
            Optional.ofNullable(row.signatureInputs()),
            Optional.ofNullable(row.signatureOutputs()),
            Optional.ofNullable(row.signatureParams())));
  }
}
