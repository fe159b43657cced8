package dev.slipway.client;

import java.io.IOException;

/** Says that an asset does not fit into the cache beside what is in use. */
public final class AssetCacheFullException extends IOException {
  private static final long serialVersionUID = 1L;

  AssetCacheFullException(long wantedBytes, long usedBytes, long maxBytes) {
    super(
        String.format(
            "the asset cache has no room for %,d bytes: %,d of its %,d are in use; close assets, or"
                + " raise its bound",
            wantedBytes, usedBytes, maxBytes));
  }
}
