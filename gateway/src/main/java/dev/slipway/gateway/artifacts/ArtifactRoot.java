package dev.slipway.gateway.artifacts;

import dev.slipway.gateway.mlflow.MlflowException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the files of a run or a logged model lie.
 *
 * @param uri as clients know it
 * @param path in the tree of all artifacts; empty for its root
 */
record ArtifactRoot(String uri, String path) {
  private static final Pattern IN_THE_TREE =
      Pattern.compile(
          "(?:mlflow-artifacts:(?://[^/]*)?"
              + "|https?://[^?#]*/(?:ajax-)?api/2\\.0/mlflow-artifacts/artifacts)/+([^?#]*)");

  /**
   * Reads the URI of a root.
   *
   * @throws MlflowException if the files lie elsewhere
   */
  static ArtifactRoot of(String uri) {
    Matcher form = IN_THE_TREE.matcher(uri);
    if (!form.matches()) {
      throw MlflowException.refused("The artifacts are kept elsewhere, not by this server");
    }
    return new ArtifactRoot(uri, withoutEndingSlashes(form.group(1)));
  }

  /**
   * Returns the path of a file or directory below the root; of the root itself when it is empty.
   */
  String at(String relative) {
    return path.isEmpty() || relative.isEmpty() ? path + relative : path + "/" + relative;
  }

  static String withoutEndingSlashes(String path) {
    return path.replaceFirst("/+$", "");
  }
}
