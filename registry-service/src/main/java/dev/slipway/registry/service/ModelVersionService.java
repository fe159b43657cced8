package dev.slipway.registry.service;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.store.ModelVersionStore.Registration;
import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.upstream.ArtifactLookup;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.UpstreamUnavailableException;
import dev.slipway.registry.version.ModelFileInvalidException;
import dev.slipway.registry.version.ModelFileMissingException;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageChangedException;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.PipelineInvalidException;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.SourceNotResolvableException;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.runtime.database.CommitUncertainException;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Registers and deletes versions: the steps that involve the artifact service. Thread-safe.
 *
 * <p>A registration first notes a hold, then freezes the folder under it, reads {@code MLmodel} and
 * checks what a pipeline runs, and only then writes the version's row, which takes the hold over in
 * the same transaction. A crash anywhere before leaves a hold that is swept; a number is given out
 * only with the row.
 */
public final class ModelVersionService {
  private static final String ARTIFACT_SCHEME = "mlflow-artifacts:/";

  private final RegisteredModelStore models;
  private final ModelVersionStore versions;
  private final PackageHoldStore holds;
  private final PackageRelease release;
  private final ArtifactLookup artifacts;
  private final RunLookup runs;
  private final Supplier<String> ids;

  /**
   * Creates the service.
   *
   * @param ids gives a fresh unique id with each call, of the characters that an artifact path may
   *     have
   */
  public ModelVersionService(
      RegisteredModelStore models,
      ModelVersionStore versions,
      PackageHoldStore holds,
      PackageRelease release,
      ArtifactLookup artifacts,
      RunLookup runs,
      Supplier<String> ids) {
    this.models = models;
    this.versions = versions;
    this.holds = holds;
    this.release = release;
    this.artifacts = artifacts;
    this.runs = runs;
    this.ids = ids;
  }

  /** Registers a version; the proto of CreateModelVersion lists the failures. */
  public ModelVersion create(NewModelVersion wanted, Optional<IdempotencyKey> key, Caller caller) {
    Optional<ModelVersion> earlier = versions.findEarlier(wanted.name(), key);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    // Asked for early, so that a misspelt name costs no snapshot; the row's transaction decides.
    RegisteredModel unused = models.get(wanted.name());
    if (wanted.deferPackage()) {
      return versions.create(
          wanted,
          new Registration(plainPath(wanted.source()), wanted.runId(), Optional.empty()),
          key,
          caller);
    }
    Registration registration =
        read(wanted.source(), wanted.allowMissingModelFile(), wanted.runId());
    return keeping(registration, () -> versions.create(wanted, registration, key, caller));
  }

  /**
   * Reads the package of a pending version; the proto of FinalizeModelVersion lists the failures.
   */
  public ModelVersion finalizeVersion(ModelName name, VersionNumber number, Caller caller) {
    ModelVersion version = versions.get(name, number);
    if (version.state() != ModelVersionState.PENDING) {
      return version;
    }
    Registration registration;
    try {
      registration =
          read(
              PackageSource.of(version.origin().source(), version.tags()),
              versions.allowsMissingModelFile(name, number),
              version.origin().runId());
    } catch (ServiceException e) {
      if (e.kind() != ErrorKind.FAILED_PRECONDITION && e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      if (e instanceof PipelineInvalidException pipeline
          && pipeline.mayMend("models:/" + name + "/" + number)) {
        throw e;
      }
      Registration nothing = new Registration(Optional.empty(), Optional.empty(), Optional.empty());
      return versions.finalizeVersion(name, number, nothing, Optional.of(e.getMessage()), caller);
    }
    return keeping(
        registration,
        () -> versions.finalizeVersion(name, number, registration, Optional.empty(), caller));
  }

  /** Deletes a version; its package is let go soon after. */
  public void delete(ModelName name, VersionNumber number, boolean force, Caller caller) {
    versions.delete(name, number, force, caller);
    release.releaseSoon();
  }

  /** Deletes a model with its versions; their packages are let go soon after. */
  public void deleteModel(ModelName name, boolean force, Caller caller) {
    models.delete(name, force, caller);
    release.releaseSoon();
  }

  /** Writes a version that takes over the package of its registration, which is let go if not. */
  private ModelVersion keeping(Registration registration, Supplier<ModelVersion> write) {
    try {
      return write.get();
    } catch (CommitUncertainException e) {
      // The version may be there, with this package. If it is not, the sweep finds the hold.
      throw e;
    } catch (RuntimeException e) {
      registration.contents().ifPresent(contents -> release.abandon(contents.holder()));
      throw e;
    }
  }

  private Registration read(
      PackageSource source, boolean allowMissingModelFile, Optional<RunId> givenRun) {
    Optional<Folder> folder = resolve(source);
    if (folder.isEmpty()) {
      if (!allowMissingModelFile) {
        throw new ModelFileMissingException(source.text());
      }
      return new Registration(Optional.empty(), givenRun, Optional.empty());
    }
    VersionPackage contents = freeze(folder.get(), allowMissingModelFile);
    return new Registration(
        Optional.of(folder.get().path()),
        givenRun
            .or(() -> folder.get().runId())
            .or(() -> contents.modelFile().flatMap(VersionPackage.ModelFile::runId)),
        Optional.of(contents));
  }

  private VersionPackage freeze(Folder folder, boolean allowMissingModelFile) {
    String holder = "registry/registrations/" + ids.get();
    holds.begin(holder);
    try {
      ArtifactLookup.FrozenFolder frozen = artifacts.freeze(folder.path(), holder);
      if (folder.digest().isPresent() && !folder.digest().get().equals(frozen.digest())) {
        throw new PackageChangedException(folder.path());
      }
      if (frozen.modelFile().isEmpty() && !allowMissingModelFile) {
        throw new ModelFileMissingException(folder.path());
      }
      Optional<VersionPackage.ModelFile> file =
          frozen.modelFile().map(content -> parse(folder.path(), artifacts.read(content)));
      file.ifPresent(found -> checkPipeline(folder.path(), found));
      return new VersionPackage(holder, frozen.digest(), frozen.sizeBytes(), file);
    } catch (UpstreamUnavailableException e) {
      // A snapshot that was not answered may still be taken, after a release of now would have
      // found nothing. The sweep releases the hold once that is past.
      throw e;
    } catch (RuntimeException e) {
      release.abandon(holder);
      throw e;
    }
  }

  private static VersionPackage.ModelFile parse(String where, byte[] content) {
    try {
      MLmodel file = MLmodel.parse(content);
      return new VersionPackage.ModelFile(
          List.copyOf(file.flavors().values()),
          file.signature(),
          file.runId().filter(RunId::isRunId).map(RunId::new));
    } catch (ModelPackageException e) {
      throw new ModelFileInvalidException(where, e.getMessage(), e);
    }
  }

  private void checkPipeline(String where, VersionPackage.ModelFile file) {
    PipelineCheck check = new PipelineCheck(versions);
    try {
      check.check(file);
    } catch (PipelineException e) {
      throw new PipelineInvalidException(where, e, check.pending());
    }
  }

  private Optional<Folder> resolve(PackageSource source) {
    if (source instanceof PackageSource.ArtifactFolder in) {
      return Optional.of(new Folder(in.path(), Optional.empty(), Optional.empty()));
    }
    if (source instanceof PackageSource.RunFolder in) {
      return Optional.of(inRun(in));
    }
    if (source instanceof PackageSource.OtherVersion of) {
      return Optional.of(ofVersion(of));
    }
    if (source instanceof PackageSource.LoggedModel of) {
      return Optional.of(ofLoggedModel(of));
    }
    return Optional.empty();
  }

  private Folder ofLoggedModel(PackageSource.LoggedModel source) {
    RunLookup.SavedModel model = runs.savedModel(source.id());
    String root = path(source, "logged model", model.artifactUri());
    return new Folder(root, model.runId(), Optional.empty());
  }

  private static String path(PackageSource source, String owner, String uri) {
    if (!uri.startsWith(ARTIFACT_SCHEME)) {
      throw new SourceNotResolvableException(
          source.text(),
          "the " + owner + " keeps its artifacts at " + uri + ", not in the artifact service");
    }
    return uri.substring(ARTIFACT_SCHEME.length());
  }

  private Folder inRun(PackageSource.RunFolder source) {
    String root = path(source, "run", runs.artifactUri(source.runId()));
    return new Folder(
        source.path().isEmpty() ? root : root + "/" + source.path(),
        Optional.of(source.runId()),
        Optional.empty());
  }

  private Folder ofVersion(PackageSource.OtherVersion source) {
    ModelVersion other = versions.get(source.name(), source.version());
    if (other.packageDigest().isEmpty() || other.origin().artifactPath().isEmpty()) {
      throw new SourceNotResolvableException(
          source.text(), "that version has no package in the artifact service");
    }
    return new Folder(
        other.origin().artifactPath().get(), other.origin().runId(), other.packageDigest());
  }

  private static Optional<String> plainPath(PackageSource source) {
    return source instanceof PackageSource.ArtifactFolder in
        ? Optional.of(in.path())
        : Optional.empty();
  }

  /** Is a folder of the artifact service; with a digest its files must have that. */
  private record Folder(String path, Optional<RunId> runId, Optional<Sha256> digest) {}
}
