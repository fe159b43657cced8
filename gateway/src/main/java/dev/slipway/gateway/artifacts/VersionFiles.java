package dev.slipway.gateway.artifacts;

import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.gateway.mlflow.ErrorTranslator;
import dev.slipway.gateway.mlflow.MlflowException;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.ModelVersion;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Finds the files of registered versions: those that were frozen when the version was registered,
 * which serving runs, whatever lies at their path by now. Thread-safe.
 */
final class VersionFiles {
  private final Services services;

  VersionFiles(Services services) {
    this.services = services;
  }

  /**
   * Finds a file.
   *
   * @param path from the root of the package
   * @throws MlflowException if there is no such version, or its files are kept elsewhere
   * @throws StatusRuntimeException if there is no such file
   */
  DownloadRequest find(String name, long number, String path) {
    ModelVersion version = version(name, number);
    if (version.getPackageDigest().isEmpty()) {
      if (version.getArtifactPath().isEmpty()) {
        throw MlflowException.refused("The artifacts are kept elsewhere, not by this server");
      }
      return DownloadRequest.newBuilder().setPath(version.getArtifactPath() + "/" + path).build();
    }
    byte[] wanted = path.getBytes(StandardCharsets.UTF_8);
    String token = "";
    do {
      Manifest page =
          services
              .artifact()
              .getManifest(
                  GetManifestRequest.newBuilder()
                      .setDigest(version.getPackageDigest())
                      .setPageToken(token)
                      .build());
      for (ManifestEntry entry : page.getEntriesList()) {
        int order = compare(entry.getPath(), wanted);
        if (order == 0) {
          return DownloadRequest.newBuilder().setSha256(entry.getSha256()).build();
        }
        if (order > 0) {
          throw notFound(version, path);
        }
      }
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    throw notFound(version, path);
  }

  /** Orders as manifests do. */
  private static int compare(String path, byte[] other) {
    return Arrays.compareUnsigned(path.getBytes(StandardCharsets.UTF_8), other);
  }

  private ModelVersion version(String name, long number) {
    try {
      return services
          .registry()
          .getModelVersion(
              GetModelVersionRequest.newBuilder().setName(name).setVersion(number).build());
    } catch (StatusRuntimeException e) {
      throw ErrorTranslator.translate(
          Outcome.of(e), Map.of("name", name, "version", Long.toString(number)));
    }
  }

  private MlflowException notFound(ModelVersion version, String path) {
    // The service knows which paths are none at all, and refuses those.
    var unused =
        services
            .artifact()
            .stat(StatRequest.newBuilder().setPath(version.getArtifactPath() + "/" + path).build());
    return MlflowException.absent("The package of the version has no file " + path);
  }
}
