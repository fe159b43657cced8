package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.artifact.store.ContentLookup;
import dev.slipway.artifact.store.ContentRemovedException;
import java.util.function.Function;

/**
 * Lets bytes be stored and then bound to a path in such a way that no garbage collection takes them
 * in between. Thread-safe.
 */
public final class ContentBinder {
  private static final int MAX_ATTEMPTS = 10;

  private final ArtifactStore artifacts;
  private final CollectionStore collections;
  private final BlobStore blobs;

  /** Creates the binder over the stores. */
  public ContentBinder(ArtifactStore artifacts, CollectionStore collections, BlobStore blobs) {
    this.artifacts = artifacts;
    this.collections = collections;
    this.blobs = blobs;
  }

  /**
   * Runs work that makes sure of the bytes of content and then publishes them; runs it again when a
   * collection removed them in between. A removal that was begun is finished first.
   *
   * @param work is given what was known before it began, and publishes {@link ContentLookup#stored}
   * @throws ContentRemovedException if that happens over and over
   */
  public <T> T bind(Sha256 sha256, Function<ContentLookup, T> work) {
    for (int attempt = 1; ; attempt++) {
      ContentLookup found = artifacts.lookUp(sha256);
      try {
        if (found.removing()) {
          boolean unused = collections.remove(sha256, blobs::delete);
          throw new ContentRemovedException(sha256);
        }
        return work.apply(found);
      } catch (ContentRemovedException e) {
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }
}
