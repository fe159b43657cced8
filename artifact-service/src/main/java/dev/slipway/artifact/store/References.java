package dev.slipway.artifact.store;

/**
 * Says in SQL what keeps content and manifests from being collected. This is the one place: whoever
 * adds a table that refers to either adds it here.
 *
 * <p>Whoever adds a row that refers to content that is there already must revive it in the same
 * transaction: {@link BlobBinding} for one content, {@link ManifestWriter} for a manifest.
 */
final class References {
  /** Whether somebody keeps the manifest {@code m}. */
  static final String MANIFEST_IS_HELD =
      "(EXISTS (SELECT 1 FROM snapshot WHERE snapshot.manifest_id = m.manifest_id) OR EXISTS"
          + " (SELECT 1 FROM asset_version WHERE asset_version.manifest_id = m.manifest_id))";

  /**
   * Whether a path, a manifest that somebody keeps, or an upload that is being completed refers to
   * the content {@code b}.
   */
  static final String CONTENT_IS_REFERENCED =
      "(EXISTS (SELECT 1 FROM entry WHERE entry.sha256 = b.sha256)"
          + " OR EXISTS (SELECT 1 FROM manifest_entry me"
          + " JOIN manifest m ON m.manifest_id = me.manifest_id"
          + " WHERE me.sha256 = b.sha256 AND "
          + MANIFEST_IS_HELD
          + ") OR EXISTS (SELECT 1 FROM presigned_upload WHERE content_sha256 = b.sha256))";

  private References() {}
}
