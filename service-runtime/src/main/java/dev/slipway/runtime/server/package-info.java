/**
 * Starts, runs and stops gRPC servers.
 *
 * <p>A server command is one class that reads top to bottom; {@code TrackingServer} is the pattern:
 *
 * <pre>{@code
 * @Command(name = "tracking-server", mixinStandardHelpOptions = true, description = "...")
 * public final class TrackingServer implements Callable<Integer> {
 *   @Mixin private final ServerOptions server = new ServerOptions(7101);
 *   @Mixin private final DataOptions data = new DataOptions();
 *   @Mixin private final DatabaseOptions database = new DatabaseOptions();
 *   @Mixin private final TrackingOptions tracking = new TrackingOptions(); // only what is the service's own
 *   @Spec private CommandSpec spec;
 *
 *   @Override
 *   public Integer call() throws InterruptedException {
 *     ConfigProblems problems = new ConfigProblems();
 *     GrpcServerConfig serverConfig = server.config(problems);
 *     DatabaseConfig databaseConfig = database.config(data.folder("tracking").resolve("tracking"), problems);
 *     TrackingConfig config = tracking.config(databaseConfig, problems);
 *     problems.throwIfAny();
 *     if (database.embedded()) {
 *       data.take("tracking");
 *     }
 *     MetricRegistry metrics = new MetricRegistry();
 *     ServiceModule module = TrackingModule.open(config, metrics, Clock.systemUTC());
 *     return ServerProcess.run("tracking-server", serverConfig, "", List.of(module), metrics, spec.commandLine().getOut());
 *   }
 *
 *   public static void main(String[] args) {
 *     System.exit(Commands.of(new TrackingServer()).execute(args));
 *   }
 * }
 * }</pre>
 *
 * <p>The embedded server mixes the options of all services into one command, so a service's own
 * options never repeat those of the runtime.
 */
package dev.slipway.runtime.server;
