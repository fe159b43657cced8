package dev.slipway.engine.predictor;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.Listing;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Resolves the outputs that a request asks for. */
public final class RequestedOutputs {

  private RequestedOutputs() {}

  /**
   * Returns the names to answer, in order: those asked for, or all of the model's when none are.
   *
   * @throws InvalidInputException with every name that is unknown or asked for twice, as {@code
   *     outputs[i].name}
   */
  public static List<String> resolve(PredictRequest request, List<TensorMetadata> outputs) {
    if (areAll(request.outputs(), outputs)) {
      return request.outputs();
    }
    List<String> known = outputs.stream().map(TensorMetadata::name).toList();
    if (request.outputs().isEmpty()) {
      return known;
    }
    List<SignatureViolation> violations = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < request.outputs().size(); i++) {
      String name = request.outputs().get(i);
      String field = "outputs[" + i + "].name";
      if (!known.contains(name)) {
        violations.add(
            new SignatureViolation(
                field, "unknown output \"" + name + "\"; the model answers " + Listing.of(known)));
      } else if (!seen.add(name)) {
        violations.add(new SignatureViolation(field, "\"" + name + "\" is asked for twice"));
      }
    }
    if (!violations.isEmpty()) {
      throw new InvalidInputException(violations);
    }
    return request.outputs();
  }

  /** Tells whether names are those of all outputs in the model's order, as they mostly are. */
  private static boolean areAll(List<String> names, List<TensorMetadata> outputs) {
    if (names.isEmpty() || names.size() != outputs.size()) {
      return false;
    }
    for (int i = 0; i < names.size(); i++) {
      if (!names.get(i).equals(outputs.get(i).name())) {
        return false;
      }
    }
    return true;
  }
}
