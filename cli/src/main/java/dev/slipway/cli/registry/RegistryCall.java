package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import io.grpc.StatusRuntimeException;
import java.io.IOException;

/**
 * Is what the commands about registered models share: which version is meant, and what checks have
 * found. Not thread-safe.
 */
abstract class RegistryCall extends ServiceCommand {
  /** Does the work; when checks refuse it, prints what they have found. */
  @Override
  protected final void work(RegistryServiceBlockingStub registry)
      throws IOException, InterruptedException {
    try {
      run(registry);
    } catch (StatusRuntimeException e) {
      Refusals.report(e).ifPresent(found -> print(whole(registry, found)));
      throw e;
    }
  }

  /**
   * Returns all that the checks compared. A refusal has room for their summaries only, so the
   * registry is asked for the rest; when it has none, or all checks pass by now, the summaries
   * stay.
   */
  private CheckReport whole(RegistryServiceBlockingStub registry, CheckReport refused) {
    try {
      Stage stage = checkedStage(registry);
      if (stage == Stage.STAGE_UNSPECIFIED) {
        return refused;
      }
      CheckReport whole =
          registry.checkTransition(
              CheckTransitionRequest.newBuilder()
                  .setName(refused.getName())
                  .setVersion(refused.getVersion())
                  .setStage(stage)
                  .build());
      return whole.getPassed() ? refused : whole;
    } catch (StatusRuntimeException e) {
      return refused;
    }
  }

  /**
   * Returns the stage whose checks have refused the work; unspecified where the command moves
   * nothing.
   */
  Stage checkedStage(RegistryServiceBlockingStub registry) {
    return Stage.STAGE_UNSPECIFIED;
  }

  /** Does the work. */
  abstract void run(RegistryServiceBlockingStub registry) throws IOException, InterruptedException;

  /** Prints what checks have found. */
  final void print(CheckReport report) {
    print(report, found -> CheckText.print(out(), found));
    out().flush();
  }

  /** Returns the version that is meant, with its signature. */
  static ModelVersion resolve(RegistryServiceBlockingStub registry, ModelSpec model) {
    return registry.resolveVersion(model.toRequest()).getModelVersion();
  }

  /** Refuses the name of a model alone. */
  final void requireVersion(ModelSpec model) {
    if (!model.namesVersion()) {
      throw usage(
          "'%1$s' names no version: give %1$s/VERSION, %1$s@STAGE or %1$s@ALIAS"
              .formatted(model.model()));
    }
  }
}
