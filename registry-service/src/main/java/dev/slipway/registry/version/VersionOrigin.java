package dev.slipway.registry.version;

import java.util.Optional;

/**
 * Says where a version came from.
 *
 * @param source as the caller gave it
 * @param artifactPath where the source lies in the artifact service; absent when it does not
 * @param runLink link to the run in an outer system; possibly empty
 * @param loggedModelId logged model of the tracking service; possibly empty
 */
public record VersionOrigin(
    String source,
    Optional<String> artifactPath,
    Optional<RunId> runId,
    String runLink,
    String loggedModelId) {}
