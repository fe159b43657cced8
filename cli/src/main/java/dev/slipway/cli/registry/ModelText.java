package dev.slipway.cli.registry;

import dev.slipway.cli.client.Moments;
import dev.slipway.cli.client.SchemaText;
import dev.slipway.cli.client.StageName;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.Flavor;
import dev.slipway.registry.v1.ModelAlias;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.StageVersion;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.stream.Collectors;

/** Tells models and versions to people. Not thread-safe. */
final class ModelText {
  private static final int DIGEST_CHARACTERS = 12;
  private static final Clock CLOCK = Clock.systemUTC();

  private ModelText() {}

  /** Returns how a version is named on a command line. */
  static String name(ModelVersion version) {
    return version.getName() + "/" + version.getVersion();
  }

  static TextTable models(PrintWriter out) {
    return new TextTable(
        out, "NAME", "LAST VERSION", "STAGING", "PRODUCTION", "ALIASES", "UPDATED", "DESCRIPTION");
  }

  static void row(TextTable table, RegisteredModel model) {
    table.row(
        model.getName(),
        model.getLastVersion() == 0 ? "" : Long.toString(model.getLastVersion()),
        in(model, Stage.STAGE_STAGING),
        in(model, Stage.STAGE_PRODUCTION),
        aliases(model),
        Moments.age(model.getUpdateTime(), CLOCK),
        Words.firstLine(model.getDescription()));
  }

  private static String in(RegisteredModel model, Stage stage) {
    return model.getLatestVersionsList().stream()
        .filter(latest -> latest.getStage() == stage)
        .map(latest -> Long.toString(latest.getVersion()))
        .collect(Collectors.joining());
  }

  private static String aliases(RegisteredModel model) {
    return model.getAliasesList().stream()
        .map(alias -> alias.getAlias() + "=" + alias.getVersion())
        .collect(Collectors.joining(", "));
  }

  static TextTable versions(PrintWriter out) {
    return new TextTable(
        out, "VERSION", "STAGE", "STATE", "ALIASES", "REGISTERED", "BY", "RUN", "DESCRIPTION");
  }

  static void row(TextTable table, ModelVersion version) {
    table.row(
        Long.toString(version.getVersion()),
        StageName.of(version.getStage()),
        state(version),
        String.join(", ", version.getAliasesList()),
        Moments.age(version.getCreateTime(), CLOCK),
        version.getCreatedBy(),
        version.getRunId(),
        Words.firstLine(version.getDescription()));
  }

  static void print(PrintWriter out, RegisteredModel model) {
    out.println(model.getName());
    TextLines lines = new TextLines(out);
    lines.lines("about", model.getDescription().lines().toList());
    for (StageVersion latest : model.getLatestVersionsList()) {
      lines.line(StageName.of(latest.getStage()), "version " + latest.getVersion());
    }
    lines.lines("aliases", model.getAliasesList().stream().map(ModelText::alias).toList());
    lines.lines("tags", Words.tags(model.getTagsMap()));
    lines.line(
        "versions", model.getLastVersion() == 0 ? "none yet" : "up to " + model.getLastVersion());
    lines.line("deployment", model.getDeploymentJobId());
    lines.line("created", Moments.exact(model.getCreateTime()) + " by " + model.getCreatedBy());
    lines.line("changed", Moments.exact(model.getUpdateTime()) + " by " + model.getUpdatedBy());
  }

  private static String alias(ModelAlias alias) {
    return alias.getAlias()
        + " is version "
        + alias.getVersion()
        + (alias.getProtectedByRole().isEmpty()
            ? ""
            : ", moved by role " + alias.getProtectedByRole());
  }

  static void print(PrintWriter out, ModelVersion version) {
    out.println(name(version));
    TextLines lines = new TextLines(out);
    lines.lines("about", version.getDescription().lines().toList());
    lines.line(
        "stage",
        StageName.of(version.getStage())
            + (version.hasStageTime() ? " since " + Moments.exact(version.getStageTime()) : ""));
    lines.line("state", state(version));
    lines.line("reason", version.getStateReason());
    lines.line("aliases", String.join(", ", version.getAliasesList()));
    lines.lines("tags", Words.tags(version.getTagsMap()));
    lines.line("run", version.getRunId());
    lines.line("link", version.getRunLink());
    lines.line("source", version.getSource());
    if (!version.getPackageDigest().isEmpty()) {
      lines.line(
          "package",
          "%s, %,d bytes"
              .formatted(
                  version.getPackageDigest().substring(0, DIGEST_CHARACTERS) + "…",
                  version.getPackageSizeBytes()));
    }
    lines.line(
        "flavors",
        version.getFlavorsList().stream().map(Flavor::getName).collect(Collectors.joining(", ")));
    lines.lines("takes", SchemaText.of(version.getSignature().getInputs()));
    lines.lines("gives", SchemaText.of(version.getSignature().getOutputs()));
    lines.line(
        "registered", Moments.exact(version.getCreateTime()) + " by " + version.getCreatedBy());
    lines.line("changed", Moments.exact(version.getUpdateTime()) + " by " + version.getUpdatedBy());
  }

  private static String state(ModelVersion version) {
    ModelVersionState state = version.getState();
    return Words.of(state, "MODEL_VERSION_STATE_");
  }
}
