package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.DatasetNode;
import dev.slipway.registry.v1.GetLineageRequest;
import dev.slipway.registry.v1.LineageDirection;
import dev.slipway.registry.v1.LineageNode;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RunNode;
import dev.slipway.registry.v1.VersionNode;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a version was made from, and what was made from it. */
@Command(
    name = "lineage",
    mixinStandardHelpOptions = true,
    description = {
      "Shows what a version was made from, its run and the datasets of that, and what was made from"
          + " it: pipelines and copies. Starts at a run or a dataset as well.",
      "",
      "  slipway models lineage digits/3",
      "  slipway models lineage --run 5d4c... --down",
      "  slipway models lineage --dataset mnist --digest 3f2a --down"
    })
final class LineageCommand extends RegistryCall {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The version: " + ModelSpec.FORMS + ". Default version: the one in Production.")
  private ModelSpec model;

  @Option(names = "--run", paramLabel = "ID", description = "Starts at this run.")
  private String run;

  @Option(names = "--dataset", paramLabel = "NAME", description = "Starts at this dataset.")
  private String dataset;

  @Option(names = "--digest", paramLabel = "DIGEST", description = "Digest of the dataset.")
  private String digest;

  @ArgGroup private Way way;

  @Option(
      names = "--depth",
      paramLabel = "N",
      defaultValue = "0",
      description = "How many steps to go, 1 to 16. Default: 4.")
  private int depth;

  /** Is the way that alone is gone. */
  private static final class Way {
    @Option(names = "--up", description = "Only to what it was made from.")
    private boolean up;

    @Option(names = "--down", description = "Only to what was made from it.")
    private boolean down;
  }

  @Override
  void run(RegistryServiceBlockingStub registry) {
    if (Stream.of(model, run, dataset).filter(Objects::nonNull).count() != 1
        || (dataset == null) != (digest == null)) {
      throw usage("give one of MODEL, --run, and --dataset with --digest");
    }
    print(
        registry.getLineage(
            GetLineageRequest.newBuilder()
                .setNode(start(registry))
                .setDirection(direction())
                .setMaxDepth(depth)
                .build()),
        found -> {
          new LineageText(out(), found).print();
          if (found.getTruncated()) {
            err().println("slipway: there is more: see --depth");
          }
        });
  }

  private LineageNode start(RegistryServiceBlockingStub registry) {
    LineageNode.Builder node = LineageNode.newBuilder();
    if (run != null) {
      return node.setRun(RunNode.newBuilder().setRunId(run)).build();
    } else if (dataset != null) {
      return node.setDataset(DatasetNode.newBuilder().setDatasetName(dataset).setDigest(digest))
          .build();
    }
    ModelVersion version = resolve(registry, model);
    return node.setVersion(
            VersionNode.newBuilder().setName(version.getName()).setVersion(version.getVersion()))
        .build();
  }

  private LineageDirection direction() {
    if (way == null) {
      return LineageDirection.LINEAGE_DIRECTION_BOTH;
    } else if (way.up) {
      return LineageDirection.LINEAGE_DIRECTION_UPSTREAM;
    }
    return way.down
        ? LineageDirection.LINEAGE_DIRECTION_DOWNSTREAM
        : LineageDirection.LINEAGE_DIRECTION_BOTH;
  }
}
