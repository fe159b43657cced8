package dev.slipway.client;

import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Gives paths of local files the form that manifests have. Stateless. */
final class RelativePath {
  private RelativePath() {}

  /** Returns where a file lies below a folder, its names joined by slashes. */
  static String of(Path folder, Path file) {
    return StreamSupport.stream(folder.relativize(file).spliterator(), false)
        .map(Path::toString)
        .collect(Collectors.joining("/"));
  }
}
