package dev.slipway.engine.predictor.python;

import dev.slipway.engine.error.UnsupportedModelException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Pythons of this machine that may be used. Thread-safe. */
final class Interpreters {

  private static final Duration PROBE = Duration.ofSeconds(30);
  private static final Pattern VERSION = Pattern.compile("(\\d+\\.\\d+)(\\..*)?");
  private static final String TELL = "import sys; print('.'.join(map(str, sys.version_info[:3])))";

  private final List<String> commands;

  /** Those that were asked; a command's Python does not change while the server runs. */
  private final Map<String, Interpreter> known = new ConcurrentHashMap<>();

  Interpreters(List<String> commands) {
    this.commands = commands;
  }

  /**
   * A Python.
   *
   * @param command starts it
   * @param version {@code 3.11.7}
   */
  record Interpreter(String command, String version) {}

  /**
   * Returns the first Python of the wanted version, by major and minor number: what one of them
   * pickled, another may not read.
   *
   * @param wanted {@code 3.11.7}; empty for any
   * @throws UnsupportedModelException if there is none
   */
  Interpreter find(Optional<String> wanted) throws InterruptedException {
    List<String> problems = new ArrayList<>();
    for (String command : commands) {
      Interpreter interpreter = known.get(command);
      if (interpreter == null) {
        try {
          interpreter = probe(command);
          known.put(command, interpreter);
        } catch (IOException e) {
          problems.add(command + " does not run: " + e.getMessage());
          continue;
        }
      }
      if (wanted.isEmpty() || series(wanted.get()).equals(series(interpreter.version()))) {
        return interpreter;
      }
      problems.add(command + " is " + interpreter.version());
    }
    throw new UnsupportedModelException(
        wanted.map(version -> "the package wants Python " + version).orElse("no Python runs here")
            + "; "
            + String.join(", ", problems));
  }

  private static Interpreter probe(String command) throws IOException, InterruptedException {
    Subprocess.Result result =
        Subprocess.run(
            List.of(command, "-c", TELL), ChildEnvironment.ofWorker(System.getenv()), PROBE);
    String version = result.tail().lines().reduce("", (a, b) -> b).strip();
    if (result.status() != 0 || !VERSION.matcher(version).matches()) {
      throw new IOException("status " + result.status() + ", " + result.tail());
    }
    return new Interpreter(command, version);
  }

  private static String series(String version) {
    Matcher matcher = VERSION.matcher(version);
    return matcher.matches() ? matcher.group(1) : version;
  }
}
