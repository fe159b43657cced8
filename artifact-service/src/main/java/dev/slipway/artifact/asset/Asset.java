package dev.slipway.artifact.asset;

import java.time.Instant;

/**
 * Is a named thing with versions.
 *
 * @param name its name
 * @param description what it is; may be empty
 * @param latest its newest version, whose scheme is that of all
 * @param versionCount number of versions, 1 or more
 * @param createTime when its first version was pushed
 * @param updateTime when its newest version was pushed
 */
public record Asset(
    AssetName name,
    String description,
    VersionNumber latest,
    long versionCount,
    Instant createTime,
    Instant updateTime) {}
