package dev.slipway.benchmarks;

/**
 * Is a load of metric streams, written like {@code 16x100}.
 *
 * @param streams how many streams write at once, each to a run of its own
 * @param points points per batch
 */
record Shape(int streams, int points) {
  static Shape parse(String text) {
    String[] parts = text.split("x", -1);
    if (parts.length != 2) {
      throw new IllegalArgumentException("must be STREAMSxPOINTS, such as 16x100");
    }
    return new Shape(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
  }

  @Override
  public String toString() {
    return streams + "x" + points;
  }
}
