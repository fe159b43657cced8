package dev.slipway.client;

/**
 * Hears how a transfer goes, e.g. to draw a progress bar. Called by the threads that transfer, one
 * at a time; should be quick, as they wait for it.
 */
@FunctionalInterface
public interface TransferListener {
  /** Hears nothing. */
  TransferListener NONE = progress -> {};

  /** Is told after each chunk and each finished file. */
  void onProgress(Progress progress);

  /**
   * Is how far a transfer came. Counts what is over and done with: content that was there already
   * counts as moved. Where a connection was cut, the counts may go back a little.
   *
   * @param filesDone number of files that are finished
   * @param filesTotal number of files of the whole transfer
   * @param bytesDone number of bytes that are moved
   * @param bytesTotal number of bytes of the whole transfer
   * @param path artifact path, or path in the manifest, of the file that just moved on
   */
  record Progress(long filesDone, long filesTotal, long bytesDone, long bytesTotal, String path) {}
}
