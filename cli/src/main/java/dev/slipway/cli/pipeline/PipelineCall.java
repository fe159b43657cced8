package dev.slipway.cli.pipeline;

import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.graph.GraphText;
import dev.slipway.cli.graph.ModelGraphs;
import dev.slipway.client.SlipwayClient;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.PipelineProblem;
import dev.slipway.engine.pipeline.PipelineDefinition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Does what is common to the commands about a pipeline's folder. Not thread-safe. */
abstract class PipelineCall implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(index = "0", paramLabel = "FOLDER", description = "The folder of the package.")
  private Path folder;

  @Option(
      names = "--load",
      description =
          "Has serving load the steps that are not loaded, where their packages do not name the"
              + " tensors that they take and give.")
  private boolean load;

  @Spec private CommandSpec spec;

  /**
   * Does the work and returns the pipeline.
   *
   * @throws ModelPackageException if something is wrong with it
   */
  abstract PipelineDefinition run(SlipwayClient client, KnownVersions versions);

  @Override
  public final Integer call() {
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            PipelineDefinition pipeline = run(client, new KnownVersions(client, load));
            new GraphText(spec.commandLine().getOut())
                .print(
                    new ModelGraphs(client.registry())
                        .of(
                            folder.toAbsolutePath().normalize().getFileName().toString(),
                            pipeline));
          } catch (PipelineException e) {
            throw new IOException(
                e.problems().stream()
                    .map(PipelineProblem::toString)
                    .collect(Collectors.joining("\nslipway: ")),
                e);
          } catch (ModelPackageException e) {
            throw new IOException(e.getMessage(), e);
          }
        });
  }

  final Path folder() {
    return folder;
  }

  final CommandSpec spec() {
    return spec;
  }
}
