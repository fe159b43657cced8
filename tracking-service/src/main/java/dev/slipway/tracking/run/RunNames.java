package dev.slipway.tracking.run;

import java.util.random.RandomGenerator;

/**
 * Makes up names such as {@code brisk-otter-417}, at most 20 characters long, for runs that come
 * without one.
 */
public final class RunNames {
  private static final String[] ADJECTIVES = {
    "able", "amber", "bold", "brave", "bright", "brisk", "calm", "clear", "clever", "crisp",
    "eager", "early", "fair", "fast", "fine", "fleet", "fond", "frank", "fresh", "gentle",
    "glad", "golden", "grand", "handy", "happy", "hardy", "honest", "jolly", "keen", "kind",
    "lively", "lucky", "mellow", "merry", "mild", "neat", "nimble", "noble", "patient", "placid",
    "polite", "proud", "quick", "quiet", "rapid", "ready", "robust", "serene", "sharp", "silent",
    "smooth", "solid", "steady", "sunny", "swift", "tidy", "upbeat", "vivid", "warm", "wise"
  };
  private static final String[] NOUNS = {
    "anchor", "auk", "barge", "bass", "beacon", "bear", "brig", "buoy", "canoe", "carp",
    "clipper", "cod", "colt", "crab", "crane", "cutter", "deer", "dock", "dove", "eel",
    "ferry", "finch", "fox", "gannet", "goose", "gull", "harbor", "hare", "hawk", "heron",
    "hull", "ibis", "jetty", "kayak", "keel", "kelp", "ketch", "lark", "lynx", "marlin",
    "mast", "moose", "osprey", "otter", "perch", "petrel", "pier", "pike", "raft", "rook",
    "rudder", "sail", "seal", "skiff", "sloop", "stork", "swan", "tern", "trout", "whale"
  };
  private static final int NUMBERS = 1000;

  private RunNames() {}

  /** Returns a name. */
  public static String generate(RandomGenerator random) {
    return ADJECTIVES[random.nextInt(ADJECTIVES.length)]
        + "-"
        + NOUNS[random.nextInt(NOUNS.length)]
        + "-"
        + random.nextInt(NUMBERS);
  }
}
