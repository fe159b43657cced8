package dev.slipway.gateway.mlflow;

import dev.slipway.registry.v1.Stage;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Reads what many requests of the registry share: version numbers, stages, tags. */
final class RegistryEntries {
  private RegistryEntries() {}

  /** Returns a version, which MLflow writes as a text. */
  static long version(Fields request) {
    String text = request.requiredText("version");
    if (!text.matches("\\d{1,18}")) {
      throw new MlflowException(
          ErrorCode.INVALID_PARAMETER_VALUE,
          "Parameter 'version' must be an integer, got '" + text + "'");
    }
    return Long.parseLong(text);
  }

  static Stage stage(String field, String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "none" -> Stage.STAGE_NONE;
      case "staging" -> Stage.STAGE_STAGING;
      case "production" -> Stage.STAGE_PRODUCTION;
      case "archived" -> Stage.STAGE_ARCHIVED;
      default ->
          throw new MlflowException(
              ErrorCode.INVALID_PARAMETER_VALUE,
              "Invalid Model Version stage: "
                  + name
                  + " for parameter '"
                  + field
                  + "'. Value must be one of None, Staging, Production, Archived.");
    };
  }

  static Map<String, String> tags(Fields request) {
    Map<String, String> tags = new LinkedHashMap<>();
    for (Fields tag : request.objects("tags")) {
      tags.put(tag.requiredText("key"), tag.text("value"));
    }
    return tags;
  }

  /** Returns the size of a page that the service gives; a larger one is asked for, page by page. */
  static int maxResults(Fields request, int defaultSize, int maxSize) {
    return request.findInt("max_results", 1, maxSize).orElse(defaultSize);
  }
}
