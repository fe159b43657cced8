package dev.slipway.artifact.rpc;

import dev.slipway.artifact.asset.Asset;
import dev.slipway.artifact.asset.AssetVersion;
import dev.slipway.artifact.asset.VersioningScheme;

/** Turns assets into messages. Stateless. */
final class AssetProtos {
  private AssetProtos() {}

  static dev.slipway.artifact.v1.Asset asset(Asset asset) {
    return dev.slipway.artifact.v1.Asset.newBuilder()
        .setName(asset.name().value())
        .setVersioningScheme(scheme(asset.latest().scheme()))
        .setDescription(asset.description())
        .setLatestVersion(asset.latest().toString())
        .setVersionCount(asset.versionCount())
        .setCreateTime(ArtifactProtos.timestamp(asset.createTime()))
        .setUpdateTime(ArtifactProtos.timestamp(asset.updateTime()))
        .build();
  }

  private static dev.slipway.artifact.v1.VersioningScheme scheme(VersioningScheme scheme) {
    return switch (scheme) {
      case MAJOR_MINOR -> dev.slipway.artifact.v1.VersioningScheme.VERSIONING_SCHEME_MAJOR_MINOR;
      case DATE -> dev.slipway.artifact.v1.VersioningScheme.VERSIONING_SCHEME_DATE;
    };
  }

  static dev.slipway.artifact.v1.AssetVersion version(AssetVersion version) {
    return dev.slipway.artifact.v1.AssetVersion.newBuilder()
        .setName(version.name().value())
        .setVersion(version.number().toString())
        .setManifestDigest(version.manifest().hex())
        .setIsDirectory(version.directory())
        .setSizeBytes(version.sizeBytes())
        .setFileCount(version.fileCount())
        .setAuthor(version.notes().author())
        .setDescription(version.notes().description())
        .putAllMetadata(version.notes().metadata())
        .setCreateTime(ArtifactProtos.timestamp(version.createTime()))
        .build();
  }
}
