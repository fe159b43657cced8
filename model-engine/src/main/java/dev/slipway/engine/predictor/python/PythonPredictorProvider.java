package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.predictor.python.Interpreters.Interpreter;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.tensor.TensorMetadata;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Loads MLflow's {@code python_function} flavor, whatever library is behind it, into worker
 * processes. A package's code runs with the rights of the server's user, so this engine is never
 * found by itself: who wants it makes it with settings. Closing it ends every worker. Thread-safe.
 */
public final class PythonPredictorProvider implements PredictorProvider, AutoCloseable {

  private static final String FLAVOR = "python_function";

  /** Behind engines that run a model in its own format. */
  private static final int PREFERENCE = -10;

  private static final int NAME_CHARACTERS = 12;

  private final PythonSettings settings;
  private final Interpreters interpreters;
  private final Optional<Environments> environments;

  /** One thread that never ends before this is closed: workers end with it. */
  private final ExecutorService spawner;

  private final ScheduledExecutorService watch;

  /** Those of predictors that are open, or about to be. */
  private final Set<WorkerPool> pools = ConcurrentHashMap.newKeySet();

  /** Creates the provider; nothing is started before the first package is loaded. */
  public PythonPredictorProvider(PythonSettings settings) {
    this.settings = settings;
    this.interpreters = new Interpreters(settings.interpreters());
    this.environments =
        settings
            .environments()
            .map(
                folder ->
                    new Environments(
                        folder,
                        settings.startTimeout(),
                        ChildEnvironment.ofPip(System.getenv()),
                        Clock.systemUTC()));
    this.spawner = Executors.newSingleThreadExecutor(task -> thread(task, "python-spawner"));
    this.watch = Executors.newSingleThreadScheduledExecutor(task -> thread(task, "python-watch"));
  }

  private static Thread thread(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public String flavor() {
    return FLAVOR;
  }

  @Override
  public int preference() {
    return PREFERENCE;
  }

  /**
   * Starts the workers and waits until each has loaded the package. The package's files must stay
   * while the predictor is open: workers that are started again read them.
   *
   * @throws EngineUnavailableException if the caller is interrupted meanwhile; what was begun is
   *     ended
   */
  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    PythonSignature signature = PythonSignature.of(modelPackage.signature());
    try {
      if (environments.isEmpty()) {
        Interpreter interpreter = interpreters.find(flavor.findText("python_version"));
        return start(modelPackage, flavor, signature, interpreter.command(), () -> {});
      }
      PackageRequirements requirements = PackageRequirements.read(modelPackage, flavor);
      Interpreter interpreter = interpreters.find(requirements.pythonVersion());
      Environments.Lease lease = environments.get().prepare(interpreter, requirements.pip());
      try {
        return start(modelPackage, flavor, signature, lease.python(), lease::close);
      } catch (RuntimeException | InterruptedException | Error e) {
        lease.close();
        throw e;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineUnavailableException("loading the package was interrupted", e);
    }
  }

  private Predictor start(
      ModelPackage modelPackage,
      Flavor flavor,
      PythonSignature signature,
      String interpreter,
      Runnable onClose)
      throws InterruptedException {
    WorkerLauncher launcher =
        new WorkerLauncher(
            interpreter,
            startHeader(modelPackage, flavor, signature),
            warmUp(modelPackage, signature),
            settings,
            spawner);
    WorkerPool workers =
        new WorkerPool(
            name(modelPackage), launcher, settings.workers(), settings.maxWorkerBytes(), watch);
    pools.add(workers);
    try {
      workers.awaitStarted();
      return new PythonPredictor(
          signature,
          workers,
          settings.callTimeout(),
          () -> {
            pools.remove(workers);
            onClose.run();
          });
    } catch (RuntimeException | InterruptedException | Error e) {
      workers.close();
      pools.remove(workers);
      throw e;
    }
  }

  private static String name(ModelPackage modelPackage) {
    String folder = modelPackage.root().toAbsolutePath().getFileName().toString();
    return "python " + folder.substring(0, Math.min(NAME_CHARACTERS, folder.length()));
  }

  private static JsonNode startHeader(
      ModelPackage modelPackage, Flavor flavor, PythonSignature signature) {
    ObjectNode start = Frame.JSON.createObjectNode();
    start.put("package", modelPackage.root().toAbsolutePath().toString());
    start.set("function", Frame.JSON.valueToTree(flavor.config()));
    ObjectNode flavors = start.putObject("flavors");
    modelPackage
        .mlmodel()
        .flavors()
        .forEach((name, other) -> flavors.set(name, Frame.JSON.valueToTree(other.config())));
    start.set("inputs", signature.inputsJson());
    start.set("outputs", signature.outputsJson());
    start.put("params", signature.hasParams());
    start.put("max_bytes", Frame.MAX_DATA_BYTES);
    return start;
  }

  private static Optional<WorkerLauncher.WarmUp> warmUp(
      ModelPackage modelPackage, PythonSignature signature) {
    List<GoldenCase> golden = modelPackage.goldenRequests().cases();
    if (golden.isEmpty()) {
      return Optional.empty();
    }
    try {
      CheckedInputs inputs = signature.inputChecks().check(golden.get(0).inputs());
      List<String> outputs = signature.outputs().stream().map(TensorMetadata::name).toList();
      JsonNode header =
          PythonPredictor.header(signature, inputs, golden.get(0).parameters(), outputs);
      return Optional.of(new WorkerLauncher.WarmUp(header, inputs.tensors()));
    } catch (InvalidInputException e) {
      // Who runs the golden requests tells.
      return Optional.empty();
    }
  }

  /** Ends every worker that is still there; what is loaded answers no more. */
  @Override
  public void close() {
    pools.forEach(WorkerPool::close);
    watch.shutdownNow();
    spawner.shutdownNow();
  }
}
