package dev.slipway.cli.graph;

import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Failures;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.client.SlipwayClient;
import dev.slipway.engine.error.ModelPackageException;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the steps of a pipeline. */
@Command(
    name = "graph",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the steps of a pipeline, the versions behind them and what feeds them, as the registry"
          + " has them; steps that are pipelines with their own steps.",
      "",
      "  slipway graph fraud                     the version in Production",
      "  slipway graph fraud/3",
      "  slipway graph fraud@Staging --dot | dot -Tsvg > fraud.svg"
    })
public final class GraphCommand implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();
  @Mixin private final JsonOutput json = new JsonOutput();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model: " + ModelSpec.FORMS + ". Default version: the one in Production.")
  private ModelSpec model;

  @Option(names = "--dot", description = "Prints the graph for Graphviz.")
  private boolean dot;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (dot && json.isWanted()) {
      throw new ParameterException(spec.commandLine(), "--dot and --json exclude each other");
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (SlipwayClient client = services.connect()) {
      ModelGraph graph =
          new ModelGraphs(client.registry())
              .of(client.registry().resolveVersion(model.toRequest()).getModelVersion());
      if (json.isWanted()) {
        JsonOutput.print(out, GraphJson.of(graph));
      } else if (dot) {
        new GraphDot(out).print(graph);
      } else {
        new GraphText(out).print(graph);
      }
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(err, e);
      return 1;
    } catch (ModelPackageException e) {
      err.println("slipway: " + e.getMessage());
      return 1;
    } finally {
      out.flush();
      err.flush();
    }
  }
}
