package dev.slipway.client;

import dev.slipway.artifact.v1.AssetVersion;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Is an asset, or a part of one, in a local file or folder. As long as this is open, nothing
 * removes it: no thread of this process and no other process. It must not be changed. Thread-safe.
 */
public final class CachedAsset implements Closeable {
  private final Path path;
  private final Optional<AssetVersion> version;
  private final boolean fromCache;
  private final Closeable use;

  CachedAsset(Path path, Optional<AssetVersion> version, boolean fromCache, Closeable use) {
    this.path = path;
    this.version = version;
    this.fromCache = fromCache;
    this.use = use;
  }

  /** Returns the file or folder. */
  public Path path() {
    return path;
  }

  /** Returns which version it is; empty for an override. */
  public Optional<AssetVersion> version() {
    return version;
  }

  /** Returns whether it was there before, so that no file was fetched. */
  public boolean fromCache() {
    return fromCache;
  }

  /** Lets the cache remove it from now on. Idempotent. */
  @Override
  public void close() throws IOException {
    use.close();
  }
}
