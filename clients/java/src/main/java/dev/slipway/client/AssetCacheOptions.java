package dev.slipway.client;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * Says where and how assets are cached. Immutable.
 *
 * @param folder where they are kept; created when absent, may be shared by any number of processes
 * @param maxBytes most bytes of files that are kept, 1 or more; processes that share a folder give
 *     the same
 * @param overrides names of assets that are taken from a local file or folder instead, whatever the
 *     version
 * @param verify whether the digest of what is cached is computed anew at each use, and what is
 *     damaged fetched again; what comes from the service always is verified
 */
public record AssetCacheOptions(
    Path folder, long maxBytes, Map<String, Path> overrides, boolean verify) {
  /** Bound of a cache that names none: 20 GiB. */
  public static final long DEFAULT_MAX_BYTES = 20L << 30;

  /** Checks ranges. */
  public AssetCacheOptions {
    Objects.requireNonNull(folder);
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes is 1 or more");
    }
    overrides = Map.copyOf(overrides);
  }

  /** Returns options of a folder, with 20 GiB, no overrides and no repeated verification. */
  public static AssetCacheOptions of(Path folder) {
    return new AssetCacheOptions(folder, DEFAULT_MAX_BYTES, Map.of(), false);
  }

  /** Returns options of the user's own cache, {@code .cache/slipway/assets} in the home folder. */
  public static AssetCacheOptions defaults() {
    return of(Path.of(System.getProperty("user.home"), ".cache", "slipway", "assets"));
  }

  /** Returns these options with another bound. */
  public AssetCacheOptions withMaxBytes(long newMaxBytes) {
    return new AssetCacheOptions(folder, newMaxBytes, overrides, verify);
  }

  /** Returns these options with other overrides. */
  public AssetCacheOptions withOverrides(Map<String, Path> newOverrides) {
    return new AssetCacheOptions(folder, maxBytes, newOverrides, verify);
  }

  /** Returns these options with each use verified. */
  public AssetCacheOptions withVerify() {
    return new AssetCacheOptions(folder, maxBytes, overrides, true);
  }
}
