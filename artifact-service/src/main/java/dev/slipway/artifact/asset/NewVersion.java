package dev.slipway.artifact.asset;

import java.util.Optional;

/**
 * Is a version that is to be pushed.
 *
 * @param name the asset
 * @param choice which number it gets
 * @param source its files
 * @param notes what is said about it
 * @param request makes a retry answer the first result
 */
public record NewVersion(
    AssetName name,
    VersionChoice choice,
    AssetSource source,
    AssetNotes notes,
    Optional<PushRequest> request) {}
