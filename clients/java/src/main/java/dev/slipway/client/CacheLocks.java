package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Locks things of a folder against other threads and processes: each is one byte of one lock file,
 * whose place is the thing's name, so that nothing must be made or removed for it. The operating
 * system lets go of them when the process dies.
 *
 * <p>On POSIX the locks of a process end, too, when it closes the file anywhere: so all users of a
 * folder in this process share one of these. Waits are polled, because an interrupt of a thread
 * that waits in the system closes the file. Thread-safe.
 */
final class CacheLocks implements Closeable {
  private static final String FILE = "lock";
  private static final int NAME_DIGITS = 15;
  private static final long ALL = Long.MAX_VALUE - 1;
  private static final long FIRST_POLL_MILLIS = 1;
  private static final long MAX_POLL_MILLIS = 50;

  @GuardedBy("OPEN")
  private static final Map<Path, CacheLocks> OPEN = new HashMap<>();

  /** Is what may be locked of a thing. */
  enum Aspect {
    /** That it is there: shared by those who use it, exclusive for who removes it. */
    PRESENCE(0),
    /** The work of making it. */
    MAKING(1);

    private final int place;

    Aspect(int place) {
      this.place = place;
    }
  }

  private final Path folder;
  private final FileChannel channel;
  private final Map<Long, Holding> holdings = new HashMap<>();

  @GuardedBy("OPEN")
  private int users;

  private CacheLocks(Path folder) throws IOException {
    this.folder = folder;
    this.channel =
        FileChannel.open(
            folder.resolve(FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
  }

  private static final class Holding {
    final FileLock lock;
    int holders = 1;

    Holding(FileLock lock) {
      this.lock = lock;
    }
  }

  /** Opens the locks of a folder that exists; the caller closes, and each lock by itself. */
  static CacheLocks open(Path folder) throws IOException {
    Path real = folder.toRealPath();
    synchronized (OPEN) {
      CacheLocks locks = OPEN.get(real);
      if (locks == null) {
        locks = new CacheLocks(real);
        OPEN.put(real, locks);
      }
      locks.users++;
      return locks;
    }
  }

  /** Is a lock that is held. */
  final class Held implements Closeable {
    private final long place;
    private boolean closed;

    private Held(long place) {
      this.place = place;
      synchronized (OPEN) {
        users++;
      }
    }

    /** Lets go of it. Idempotent. */
    @Override
    public void close() throws IOException {
      synchronized (CacheLocks.this) {
        if (closed) {
          return;
        }
        closed = true;
        Holding holding = holdings.get(place);
        if (--holding.holders == 0) {
          holdings.remove(place);
          holding.lock.release();
        }
      }
      CacheLocks.this.close();
    }
  }

  private static long place(String name, Aspect aspect) {
    return Long.parseLong(name.substring(0, NAME_DIGITS), 16) * 2 + aspect.place;
  }

  /**
   * Waits for a lock that others may share.
   *
   * @param name hexadecimal digits, 15 or more
   */
  Held shared(String name, Aspect aspect) throws IOException, InterruptedException {
    return await(place(name, aspect), true);
  }

  /** Waits for a lock that nobody else has. */
  Held exclusive(String name, Aspect aspect) throws IOException, InterruptedException {
    return await(place(name, aspect), false);
  }

  /** Returns a lock that nobody else has; empty when somebody has. */
  Optional<Held> tryExclusive(String name, Aspect aspect) throws IOException {
    return tryLock(place(name, aspect), false);
  }

  /** Waits for the lock of the folder's bookkeeping. */
  Held all() throws IOException, InterruptedException {
    return await(ALL, false);
  }

  private Held await(long place, boolean shared) throws IOException, InterruptedException {
    long wait = FIRST_POLL_MILLIS;
    while (true) {
      Optional<Held> held = tryLock(place, shared);
      if (held.isPresent()) {
        return held.get();
      }
      Thread.sleep(wait);
      wait = Math.min(MAX_POLL_MILLIS, wait * 2);
    }
  }

  private synchronized Optional<Held> tryLock(long place, boolean shared) throws IOException {
    Holding holding = holdings.get(place);
    if (holding != null) {
      if (!shared || !holding.lock.isShared()) {
        return Optional.empty();
      }
      holding.holders++;
      return Optional.of(new Held(place));
    }
    FileLock lock = channel.tryLock(place, 1, shared);
    if (lock == null) {
      return Optional.empty();
    }
    holdings.put(place, new Holding(lock));
    return Optional.of(new Held(place));
  }

  /** Lets go of the file when nobody in this process needs it any more. */
  @Override
  public void close() throws IOException {
    synchronized (OPEN) {
      if (--users == 0) {
        OPEN.remove(folder);
        channel.close();
      }
    }
  }
}
