package dev.slipway.runtime.testing;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds the migrations on the class path, in folders that bear the names of their services. */
final class Migrations {
  static final String FOLDER = "db/migration/";

  private Migrations() {}

  /** Returns the services that have migrations, in order of name. */
  static List<String> services() {
    Set<String> services = new TreeSet<>();
    try {
      for (URL root : Collections.list(Migrations.class.getClassLoader().getResources(FOLDER))) {
        if (root.openConnection() instanceof JarURLConnection jar) {
          URI file = jar.getJarFileURL().toURI();
          try (FileSystem inside = FileSystems.newFileSystem(Path.of(file))) {
            addServices(inside.getPath(FOLDER), services);
          }
        } else {
          addServices(Path.of(root.toURI()), services);
        }
      }
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException("cannot read the migrations on the class path", e);
    }
    return List.copyOf(services);
  }

  private static void addServices(Path root, Set<String> services) throws IOException {
    try (Stream<Path> folders = Files.list(root)) {
      folders
          .map(folder -> folder.getFileName().toString().replace("/", ""))
          // The others are for one database alone, and run with those beside them.
          .filter(name -> name.indexOf('-') < 0)
          .forEach(services::add);
    }
  }
}
