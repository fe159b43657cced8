package dev.slipway.artifact.content;

/** Is what lies at a path: an artifact or a directory. */
public sealed interface Entry permits Artifact, Directory {
  /** Returns where it lies. */
  ArtifactPath path();
}
