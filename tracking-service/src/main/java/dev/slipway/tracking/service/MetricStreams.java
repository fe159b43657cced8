package dev.slipway.tracking.service;

import dev.slipway.runtime.database.GracefulStop;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.WriterFencedException;
import dev.slipway.tracking.metric.WriterPosition;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.MetricStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Opens metric streams and knows those that are open in this process. A stream on another replica
 * is fenced by its epoch in the database when it next commits; one in this process hears of it at
 * once. Thread-safe.
 */
public final class MetricStreams {
  /** Points that one stream may have pending when few streams are open. */
  static final long MAX_CREDIT = 100_000;

  private static final long MIN_CREDIT = 1_000;

  /**
   * The memory that batches of all streams may take while they wait, by default, in bytes. Twice as
   * much is taken before a stream is refused.
   */
  public static final long DEFAULT_WAITING_BYTES = GroupCommitter.MAX_WAITING_BYTES / 2;

  /**
   * The points that all streams may have pending by their credit. More would not make commits
   * quicker, only acknowledgements slower: what waits long has to be copied by the garbage
   * collector.
   */
  private static final long SHARED_CREDIT =
      Math.min(16L * 1024 * 1024, DEFAULT_WAITING_BYTES) / MetricBatch.POINT_BYTES;

  /** Streams that are opened at the same time: each waits for the database. */
  private static final int OPENING_THREADS = 4;

  /** Streams that wait to be opened. */
  private static final int MAX_OPENING = 10_000;

  private record Writer(RunId run, String writerId) {}

  private final MetricStore store;
  private final GroupCommitter committer;
  private final Map<Writer, MetricStream> open = new ConcurrentHashMap<>();
  private final ExecutorService openings;
  private final StreamRoom room;
  private volatile boolean draining;

  /**
   * Creates what opens streams.
   *
   * @param maxWaitingBytes memory that batches may take while they wait for the committer, in
   *     bytes; twice as much before a stream is refused
   */
  MetricStreams(MetricStore store, GroupCommitter committer, long maxWaitingBytes) {
    this.store = store;
    this.committer = committer;
    this.room = new StreamRoom(maxWaitingBytes, StreamRoom.PATIENCE);
    this.openings = openings();
  }

  private static ExecutorService openings() {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            OPENING_THREADS,
            OPENING_THREADS,
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_OPENING),
            task -> {
              Thread thread = new Thread(task, "tracking-open-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Opens a stream as {@link #open} does, on a thread of its own, and returns at once.
   *
   * @param opened takes the stream
   * @param refused takes the reason why there is none
   * @throws GroupCommitter.OverloadedException if too many streams wait to be opened
   * @throws GroupCommitter.StoppingException if the server stops
   */
  public void openLater(
      RunId run,
      String writerId,
      MetricStream.Listener listener,
      Consumer<MetricStream> opened,
      Consumer<RuntimeException> refused) {
    try {
      openings.execute(
          () -> {
            MetricStream stream;
            try {
              stream = open(run, writerId, listener);
            } catch (RuntimeException e) {
              refused.accept(e);
              return;
            }
            opened.accept(stream);
          });
    } catch (RejectedExecutionException e) {
      throw draining
          ? new GroupCommitter.StoppingException()
          : new GroupCommitter.OverloadedException();
    }
  }

  /**
   * Opens a stream, and ends the writer's older one. Once the server stops, the stream has ended
   * when it is returned.
   *
   * @throws GroupCommitter.StoppingException if the server stops
   * @throws dev.slipway.tracking.run.RunNotFoundException if there is no such run
   * @throws dev.slipway.tracking.run.RunNotActiveException if the run is deleted
   */
  public MetricStream open(RunId run, String writerId, MetricStream.Listener listener) {
    if (draining) {
      throw new GroupCommitter.StoppingException();
    }
    WriterPosition position = store.openWriter(run, writerId);
    MetricStream stream = new MetricStream(run, writerId, position, committer, room, listener);
    Writer writer = new Writer(run, writerId);
    MetricStream[] older = new MetricStream[1];
    // Two openings at once may get here in either order: the greater epoch stays.
    open.merge(
        writer,
        stream,
        (present, added) -> {
          boolean addedIsNewer = added.opened().epoch() > present.opened().epoch();
          older[0] = addedIsNewer ? present : added;
          return addedIsNewer ? added : present;
        });
    if (older[0] != null) {
      older[0].end(Optional.of(new WriterFencedException(writerId, older[0].opened().epoch())));
    }
    if (draining) {
      // The drain may have passed before the stream was among the open ones.
      stream.end(Optional.of(new GroupCommitter.StoppingException()));
    }
    return stream;
  }

  /** Forgets a stream that has ended. */
  public void closed(MetricStream stream) {
    open.remove(new Writer(stream.run(), stream.writerId()), stream);
  }

  /** Returns the memory that batches take which wait to be committed, in bytes. */
  long waitingBytes() {
    return room.takenBytes();
  }

  /** Returns how many points a stream may have pending, less the more streams are open. */
  public long credit() {
    return Math.max(MIN_CREDIT, Math.min(MAX_CREDIT, SHARED_CREDIT / Math.max(1, open.size())));
  }

  /**
   * Ends all streams, as the server stops, and opens no more; what they sent so far is committed.
   */
  public void drain() {
    draining = true;
    for (MetricStream stream : List.copyOf(open.values())) {
      stream.end(Optional.of(new GroupCommitter.StoppingException()));
    }
  }

  /** Lets the openings end that are under way. Streams have been drained by then. */
  void close() {
    draining = true;
    GracefulStop.stop(openings);
    room.close();
  }
}
