package dev.slipway.engine.packaging;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ModelSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model on disk: a folder with an {@code MLmodel} file, the files that its flavors name, and
 * optionally {@value GoldenRequests#FILE_NAME}. The folder must not change while the package is in
 * use. Safe for any thread.
 */
public final class ModelPackage {

  private final Path root;
  private final MLmodel mlmodel;

  private ModelPackage(Path root, MLmodel mlmodel) {
    this.root = root;
    this.mlmodel = mlmodel;
  }

  /**
   * Reads the description of the package in a folder; the model itself is read when a predictor
   * loads it.
   *
   * @throws ModelPackageException if the folder or its {@code MLmodel} file is missing or malformed
   */
  public static ModelPackage read(Path root) {
    if (!Files.isDirectory(root)) {
      throw new ModelPackageException("no model package at " + root + ": not a folder");
    }
    return new ModelPackage(root, MLmodel.read(PackagePaths.resolveFile(root, MLmodel.FILE_NAME)));
  }

  /** Returns the folder. */
  public Path root() {
    return root;
  }

  /** Returns the description. */
  public MLmodel mlmodel() {
    return mlmodel;
  }

  /** Returns what the model takes and gives, if it says so. */
  public Optional<ModelSignature> signature() {
    return mlmodel.signature();
  }

  /** Finds a flavor by name. */
  public Optional<Flavor> findFlavor(String name) {
    return Optional.ofNullable(mlmodel.flavors().get(name));
  }

  /**
   * Returns an existing file of the package.
   *
   * @param path relative, slash-separated
   * @throws ModelPackageException if the path leaves the package, by itself or through a link, or
   *     nothing is there
   */
  public Path file(String path) {
    return PackagePaths.resolveFile(root, path);
  }

  /**
   * Returns the golden requests; none if the package has no such file.
   *
   * @throws ModelPackageException if the file is malformed
   */
  public GoldenRequests goldenRequests() {
    return Files.exists(root.resolve(GoldenRequests.FILE_NAME))
        ? GoldenRequests.read(file(GoldenRequests.FILE_NAME))
        : GoldenRequests.none();
  }

  /**
   * Reads every file and returns the digest of them all.
   *
   * @throws ModelPackageException under the conditions of {@link PackageDigest#of}
   */
  public PackageDigest digest() {
    return PackageDigest.of(root);
  }

  /** Returns a builder of a package with this description. */
  public static Builder builder(MLmodel mlmodel) {
    return new Builder(mlmodel);
  }

  /** Gathers the files of a package and writes them. Not for sharing between threads. */
  public static final class Builder {

    private final MLmodel mlmodel;
    private final Map<String, Content> files = new LinkedHashMap<>();
    private GoldenRequests goldenRequests = GoldenRequests.none();

    private Builder(MLmodel mlmodel) {
      this.mlmodel = mlmodel;
    }

    /** Writes one file at its place. */
    private interface Content {
      void writeTo(Path target) throws IOException;
    }

    /**
     * Adds a file with the given bytes.
     *
     * @throws ModelPackageException if the path is unsafe or taken
     */
    public Builder file(String path, byte[] content) {
      byte[] copy = content.clone();
      return add(path, target -> Files.write(target, copy));
    }

    /**
     * Adds a copy of a file, which is read when the package is written; under the conditions of the
     * other form.
     */
    public Builder file(String path, Path source) {
      return add(path, target -> Files.copy(source, target));
    }

    private Builder add(String path, Content content) {
      PackagePaths.check(path);
      if (path.equals(MLmodel.FILE_NAME)
          || path.equals(GoldenRequests.FILE_NAME)
          || files.putIfAbsent(path, content) != null) {
        throw new ModelPackageException("the package has " + path + " already");
      }
      return this;
    }

    /** Sets the golden requests. */
    public Builder goldenRequests(GoldenRequests value) {
      goldenRequests = value;
      return this;
    }

    /**
     * Writes the package and returns it.
     *
     * @param root a folder that is empty or does not exist yet
     * @throws ModelPackageException if the folder holds something, a flavor names a {@code data}
     *     file that was not added, or writing fails
     */
    public ModelPackage writeTo(Path root) {
      mlmodel.flavors().values().forEach(this::checkData);
      try {
        Files.createDirectories(root);
        try (Stream<Path> children = Files.list(root)) {
          if (children.findAny().isPresent()) {
            throw new ModelPackageException(
                "cannot write a package into " + root + ": the folder is not empty");
          }
        }
        for (Map.Entry<String, Content> file : files.entrySet()) {
          Path target = root.resolve(file.getKey());
          Files.createDirectories(target.getParent());
          file.getValue().writeTo(target);
        }
      } catch (IOException e) {
        throw new ModelPackageException("cannot write the package: " + e, e);
      }
      if (!goldenRequests.cases().isEmpty()) {
        goldenRequests.write(root.resolve(GoldenRequests.FILE_NAME));
      }
      mlmodel.write(root.resolve(MLmodel.FILE_NAME));
      return new ModelPackage(root, mlmodel);
    }

    private void checkData(Flavor flavor) {
      Optional<String> data = flavor.findText("data");
      // A flavor may name a file or a folder of files.
      if (data.isPresent()
          && files.keySet().stream()
              .noneMatch(path -> path.equals(data.get()) || path.startsWith(data.get() + "/"))) {
        throw new ModelPackageException(
            "flavors." + flavor.name() + ".data names " + data.get() + ", which was not added");
      }
    }
  }
}
