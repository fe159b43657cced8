package dev.slipway.registry.request;

import dev.slipway.registry.actor.Caller;
import java.time.Instant;

/**
 * Is what one person decided on a transition request.
 *
 * @param by who decided, with the roles of that moment: whether an approval counts is decided by
 *     them whenever the request is looked at
 * @param comment why, for people
 */
public record TransitionDecision(Caller by, boolean approved, String comment, Instant at) {}
