package dev.slipway.artifact.asset;

/** Is how the versions of an asset are named and ordered. */
public enum VersioningScheme {
  /** Numbers, {@code <major>.<minor>}. */
  MAJOR_MINOR,
  /** The UTC second of the push, {@code YYYY-MM-DDThh-mm-ssZ}. */
  DATE
}
