package dev.slipway.registry.version;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.signature.ModelSignature;
import java.util.List;
import java.util.Optional;

/**
 * Is what a version freezes: the files by digest, and what their {@code MLmodel} says.
 *
 * @param holder name under which the artifact service keeps the files for this version
 * @param digest digest of the manifest
 * @param sizeBytes sum of the sizes of all files
 * @param modelFile what {@code MLmodel} says; absent when the package has none
 */
public record VersionPackage(
    String holder, Sha256 digest, long sizeBytes, Optional<ModelFile> modelFile) {
  /**
   * Is what an {@code MLmodel} file says, as far as the registry keeps it.
   *
   * @param runId the run that made it, when the file names one in the right form
   */
  public record ModelFile(
      List<Flavor> flavors, Optional<ModelSignature> signature, Optional<RunId> runId) {
    /** Copies the list. */
    public ModelFile {
      flavors = List.copyOf(flavors);
    }
  }
}
