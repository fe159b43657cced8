package dev.slipway.cli.client;

/** Writes numbers of things as people read them. Stateless. */
public final class Counts {
  private Counts() {}

  /** Returns a number with its noun, e.g. {@code 1 file} or {@code 1,024 files}. */
  public static String of(long number, String noun) {
    return "%,d %s%s".formatted(number, noun, number == 1 ? "" : "s");
  }
}
