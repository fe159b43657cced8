package dev.slipway.artifact.store;

/** Is where content stands in its life, as its row says; the numbers are those of the column. */
enum BlobState {
  /** In use, or not yet found to be without reference. */
  LIVE(1),
  /** Found without reference; removed after the grace period unless it is bound before. */
  CONDEMNED(2),
  /** Bound again after it was condemned, which the next collection counts. */
  REVIVED(3),
  /** Cannot be bound any more: its bytes go, and then its row. */
  REMOVING(4);

  private final int number;

  BlobState(int number) {
    this.number = number;
  }

  static BlobState of(int number) {
    return values()[number - 1];
  }

  int number() {
    return number;
  }
}
