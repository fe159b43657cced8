package dev.slipway.tracking.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;

/**
 * Is a registered model version that was made from a logged model.
 *
 * @param version from 1
 */
public record Registration(String name, long version) {
  /** The tag in which clients record registrations. */
  public static final String TAG = "mlflow.modelVersions";

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Reads the value of the tag: a JSON list of objects with {@code name} and {@code version}, the
   * latter as number or text. Whatever is not of this form is left out, since anybody may write the
   * tag.
   */
  public static List<Registration> parse(String tagValue) {
    JsonNode list;
    try {
      list = JSON.readTree(tagValue);
    } catch (JsonProcessingException e) {
      return List.of();
    }
    if (!list.isArray()) {
      return List.of();
    }
    List<Registration> registrations = new ArrayList<>();
    for (JsonNode entry : list) {
      String name = entry.path("name").asText();
      long version = entry.path("version").asLong();
      if (!name.isEmpty() && version > 0) {
        registrations.add(new Registration(name, version));
      }
    }
    return registrations;
  }
}
