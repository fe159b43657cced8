package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.Tensor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** Starts the workers of one package. Thread-safe. */
final class WorkerLauncher implements WorkerPool.Launcher {

  private final String interpreter;
  private final JsonNode start;
  private final Optional<WarmUp> warmUp;
  private final PythonSettings settings;
  private final ExecutorService spawner;

  /**
   * A prediction that every new worker makes before it gets others.
   *
   * @param header its frame's header
   * @param inputs its tensors
   */
  record WarmUp(JsonNode header, List<Tensor> inputs) {}

  /**
   * Creates a launcher.
   *
   * @param interpreter the command of Python
   * @param start the header of the frame that says what to load
   * @param spawner starts the processes, on one thread that lives as long as the server: they end
   *     with the thread that started them
   */
  WorkerLauncher(
      String interpreter,
      JsonNode start,
      Optional<WarmUp> warmUp,
      PythonSettings settings,
      ExecutorService spawner) {
    this.interpreter = interpreter;
    this.start = start;
    this.warmUp = warmUp;
    this.settings = settings;
    this.spawner = spawner;
  }

  @Override
  public Worker launch(String name, Consumer<Worker> started) throws InterruptedException {
    Worker worker = spawn(name, started);
    try {
      worker.sendProgram();
      Frame ready = worker.exchange(Frame.START, start, List.of(), settings.startTimeout());
      if (ready.kind() != Frame.READY) {
        worker.stop("could not load the package");
        throw failure(ready.header());
      }
      if (warmUp.isPresent()) {
        // What it answers is looked at elsewhere; here only the time of the first call is spent.
        Duration limit = settings.startTimeout();
        worker.exchange(Frame.PREDICT, warmUp.get().header(), warmUp.get().inputs(), limit);
      }
      return worker;
    } catch (WorkerEndedException e) {
      String text = "while it loaded the package, " + e.getMessage();
      throw e.killed()
          ? new EngineUnavailableException(text, e)
          : new ModelPackageException(text, e);
    }
  }

  private Worker spawn(String name, Consumer<Worker> started) throws InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(WorkerProgram.command(interpreter));
    Map<String, String> environment = builder.environment();
    Map<String, String> passed = ChildEnvironment.ofWorker(System.getenv());
    environment.clear();
    environment.putAll(passed);
    builder.directory(Subprocess.WORKING_FOLDER.toFile());
    try {
      Future<Worker> spawned =
          spawner.submit(
              () -> {
                Worker worker = new Worker(name, builder.start());
                started.accept(worker);
                return worker;
              });
      return spawned.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException) {
        throw new UnsupportedModelException(
            "cannot start " + interpreter + ": " + e.getCause().getMessage(), e.getCause());
      }
      throw new IllegalStateException("cannot start a worker", e.getCause());
    } catch (RejectedExecutionException e) {
      throw new EngineUnavailableException("the server stops", e);
    }
  }

  private static EngineException failure(JsonNode error) {
    String text = "the package cannot be loaded: " + WorkerError.text(error);
    return error.path("kind").asText().equals("unsupported")
        ? new UnsupportedModelException(text)
        : new ModelPackageException(text);
  }
}
