package dev.slipway.tracking.store;

import java.util.UUID;

/** Is something that hangs on a run, with that run. */
record RunEntry<T>(UUID run, T entry) {}
