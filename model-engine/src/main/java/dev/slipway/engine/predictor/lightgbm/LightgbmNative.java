package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.error.UnsupportedModelException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Loads the two native libraries of lightgbm4j's jar once per process. Its own loader unpacks them
 * to fixed names in the temporary folder that all users share, where another process may be writing
 * or may have put something else; here they go through a folder of this process.
 */
final class LightgbmNative {

  private static final String FOLDER = "lightgbm4j/";

  private static boolean loaded;

  private LightgbmNative() {}

  /**
   * Makes the library ready; does nothing when it is.
   *
   * @throws UnsupportedModelException if there is none for this platform, or it does not load
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
    String system = os.startsWith("mac") ? "osx" : os.startsWith("windows") ? "windows" : "linux";
    String extension =
        switch (system) {
          case "osx" -> ".dylib";
          case "windows" -> ".dll";
          default -> ".so";
        };
    try {
      // The second is linked against the first.
      for (String name : List.of("lib_lightgbm", "lib_lightgbm_swig")) {
        load(FOLDER + system + "/" + machine + "/" + name + extension, name + extension);
      }
    } catch (IOException | LinkageError e) {
      throw new UnsupportedModelException(
          "LightGBM's native library does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + " (on Linux it needs libgomp, the package libgomp1 or libgomp): "
              + e.getMessage(),
          e);
    }
    loaded = true;
  }

  private static void load(String resource, String name) throws IOException {
    Path folder = Files.createTempDirectory("slipway-lightgbm");
    Path file = folder.resolve(name);
    try (InputStream content =
        LightgbmNative.class.getClassLoader().getResourceAsStream(resource)) {
      if (content == null) {
        throw new FileNotFoundException("no library for this platform: " + resource);
      }
      Files.copy(content, file);
      System.load(file.toString());
    } finally {
      delete(file);
      delete(folder);
    }
  }

  /** Windows keeps files that are in use. */
  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      path.toFile().deleteOnExit();
    }
  }
}
