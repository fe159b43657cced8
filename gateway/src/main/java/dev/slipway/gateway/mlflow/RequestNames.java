package dev.slipway.gateway.mlflow;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Knows how the client calls what a service names in its own message.
 *
 * @param request what the client had sent
 * @param names MLflow's names of fields that only this endpoint names so, by the service's path; an
 *     index in a path is left out, as in {@code keys[]}
 */
record RequestNames(Fields request, Map<String, String> names) {
  private static final Pattern INDEX = Pattern.compile("\\[\\d+]");
  private static final Pattern ELEMENT = Pattern.compile("(\\w+)\\[\\d+](?:\\.(.+))?");

  /** Returns the names of a request that calls nothing otherwise than other requests do. */
  static RequestNames of(Fields request) {
    return new RequestNames(request, Map.of());
  }

  /** Returns the client's path of a field. */
  String of(String servicePath) {
    Matcher index = INDEX.matcher(servicePath);
    String known = names.get(index.replaceAll("[]"));
    if (known != null) {
      return index.reset().find() ? known.replace("[]", index.group()) : known;
    }
    String path =
        servicePath
            .replaceFirst("^(experiment|run|registered_model|model_version|webhook)\\.", "")
            .replaceFirst("^page_size$", "max_results")
            .replaceFirst("timestamp_ms$", "timestamp");
    Matcher element = ELEMENT.matcher(path);
    if (!element.matches()) {
      return path;
    }
    if (!request.has(element.group(1))) {
      // The client logs one entry and has no list.
      return element.group(2) == null ? "key" : element.group(2);
    }
    return path.replaceFirst("^(metrics\\[\\d+])\\.key$", "$1.name");
  }

  /** Returns the word that MLflow uses for a field that is too long. */
  static String wordFor(String servicePath) {
    if (servicePath.matches("metrics\\[\\d+]\\.key")) {
      return "Metric name";
    }
    if (servicePath.matches("params\\[\\d+]\\.key")) {
      return "Param key";
    }
    if (servicePath.matches("keys\\[\\d+]")) {
      return "key";
    }
    return servicePath.substring(servicePath.lastIndexOf('.') + 1);
  }
}
