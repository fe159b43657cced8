package dev.slipway.engine.predictor.python;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.python.Interpreters.Interpreter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Virtual environments below one folder, each named by the SHA-256 of its Python and its
 * requirements, so that versions which ask for the same share one. An environment is built beside
 * its place and moved there when it is whole; a lock file keeps others from building meanwhile. Of
 * those that nothing uses, the ones used last are kept. The folder may be emptied while no server
 * uses it. Thread-safe.
 */
final class Environments {
  private static final Logger log = LoggerFactory.getLogger(Environments.class);

  /** Environments that are kept, unless more are in use. */
  static final int MAX_KEPT = 16;

  /** What pip writes when it does not reach its index; it ends as if there were no package. */
  private static final String INDEX_UNREACHABLE = "WARNING: Retrying (";

  private static final String BUILDING = ".building";
  private static final long LOCK_POLL_MILLIS = 100;

  private final Path folder;
  private final Duration timeout;
  private final Map<String, String> variables;
  private final Clock clock;

  @GuardedBy("this")
  private final Map<String, Integer> users = new HashMap<>();

  /**
   * Creates it over a folder, which need not exist yet.
   *
   * @param timeout how long one step of a build may take
   * @param variables the environment variables of pip
   */
  Environments(Path folder, Duration timeout, Map<String, String> variables, Clock clock) {
    this.folder = folder.toAbsolutePath();
    this.timeout = timeout;
    this.variables = Map.copyOf(variables);
    this.clock = clock;
  }

  /** An environment in use; it is not removed before it is closed. */
  final class Lease implements AutoCloseable {
    private final String digest;

    private Lease(String digest) {
      this.digest = digest;
    }

    /** Returns the command of the environment's Python. */
    String python() {
      return python(folder.resolve(digest));
    }

    private static String python(Path environment) {
      return environment.resolve("bin").resolve("python").toString();
    }

    @Override
    public void close() {
      synchronized (Environments.this) {
        users.computeIfPresent(digest, (key, count) -> count == 1 ? null : count - 1);
      }
    }
  }

  /**
   * Returns the environment of these requirements, building it if it is not there.
   *
   * @throws UnsupportedModelException if it cannot be built; the message has the end of what pip
   *     wrote
   * @throws EngineUnavailableException if the folder cannot be written, the index of packages is
   *     not reached, or a step takes too long
   */
  Lease prepare(Interpreter interpreter, List<String> requirements) throws InterruptedException {
    String digest = digest(interpreter, requirements);
    Lease lease = use(digest);
    try {
      Files.createDirectories(folder);
      Path environment = folder.resolve(digest);
      if (!Files.isDirectory(environment)) {
        try (FileChannel file = openLockFile();
            FileLock held = lock(file)) {
          if (held.isValid() && !Files.isDirectory(environment)) {
            build(digest, interpreter, requirements);
            removeUnused();
          }
        }
      }
      Files.setLastModifiedTime(environment, FileTime.from(clock.instant()));
      return lease;
    } catch (IOException e) {
      lease.close();
      throw new EngineUnavailableException("cannot prepare an environment: " + e, e);
    } catch (RuntimeException | InterruptedException | Error e) {
      lease.close();
      throw e;
    }
  }

  /** Keeps an environment from being removed, whether it is there or not. */
  synchronized Lease use(String digest) {
    users.merge(digest, 1, Integer::sum);
    return new Lease(digest);
  }

  private static String digest(Interpreter interpreter, List<String> requirements) {
    List<String> lines = new ArrayList<>(List.of(interpreter.command(), interpreter.version()));
    lines.addAll(requirements);
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private FileChannel openLockFile() throws IOException {
    return FileChannel.open(
        folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static FileLock lock(FileChannel file) throws IOException, InterruptedException {
    while (true) {
      try {
        FileLock lock = file.tryLock();
        if (lock != null) {
          return lock;
        }
      } catch (OverlappingFileLockException e) {
        // Another thread here builds.
      }
      Thread.sleep(LOCK_POLL_MILLIS);
    }
  }

  private void build(String digest, Interpreter interpreter, List<String> requirements)
      throws IOException, InterruptedException {
    Path building = folder.resolve(digest + BUILDING);
    delete(building);
    long started = System.nanoTime();
    log.info("preparing a Python environment with {}", requirements);
    try {
      List<String> venv = new ArrayList<>(List.of(interpreter.command(), "-m", "venv"));
      if (requirements.isEmpty()) {
        venv.add("--without-pip");
      }
      venv.add(building.toString());
      run(venv, "venv");
      if (!requirements.isEmpty()) {
        Path list = building.resolve("requirements.txt");
        Files.write(list, requirements);
        run(pip(building, list), "pip");
      }
      Files.move(building, folder.resolve(digest), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(building);
    }
    log.info("prepared it in {} s", Duration.ofNanos(System.nanoTime() - started).toSeconds());
  }

  private static List<String> pip(Path environment, Path requirements) {
    return List.of(
        Lease.python(environment),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "--requirement",
        requirements.toString());
  }

  private void run(List<String> command, String step) throws IOException, InterruptedException {
    Subprocess.Result result = Subprocess.run(command, variables, timeout);
    if (result.status() == 0) {
      return;
    }
    boolean late = result.status() < 0;
    String text =
        "the environment that the package asks for cannot be prepared: "
            + step
            + (late
                ? " took longer than " + timeout.toSeconds() + " s"
                : " ended with status " + result.status())
            + ": "
            + result.tail();
    throw late || result.tail().contains(INDEX_UNREACHABLE)
        ? new EngineUnavailableException(text)
        : new UnsupportedModelException(text);
  }

  private void removeUnused() throws IOException {
    List<Path> kept;
    try (Stream<Path> found = Files.list(folder)) {
      kept = new ArrayList<>(found.filter(Files::isDirectory).toList());
    }
    kept.sort(Comparator.comparing(Environments::lastUse).reversed());
    for (Path environment : kept.subList(Math.min(MAX_KEPT, kept.size()), kept.size())) {
      // Under the lock, so that nobody takes it between the question and the end.
      synchronized (this) {
        if (users.containsKey(environment.getFileName().toString())) {
          continue;
        }
        log.info("removing the Python environment {}, unused for longest", environment);
        delete(environment);
      }
    }
  }

  private static FileTime lastUse(Path environment) {
    try {
      return Files.getLastModifiedTime(environment);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
