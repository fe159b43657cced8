package dev.slipway.registry.rpc;

import dev.slipway.registry.lineage.Lineage;
import dev.slipway.registry.lineage.LineageDirection;
import dev.slipway.registry.lineage.LineageLink;
import dev.slipway.registry.lineage.LineageNode.OfDataset;
import dev.slipway.registry.lineage.LineageNode.OfRun;
import dev.slipway.registry.lineage.LineageNode.OfVersion;
import dev.slipway.registry.lineage.RunFacts;
import dev.slipway.registry.service.LineageService;
import dev.slipway.registry.v1.DatasetNode;
import dev.slipway.registry.v1.GetLineageRequest;
import dev.slipway.registry.v1.GetLineageResponse;
import dev.slipway.registry.v1.LineageEdge;
import dev.slipway.registry.v1.LineageNode;
import dev.slipway.registry.v1.RunNode;
import dev.slipway.registry.v1.VersionNode;
import dev.slipway.registry.version.RunId;
import dev.slipway.runtime.error.FieldViolation;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Answers what versions were made from, and what was made from them. Thread-safe. */
public final class LineageRpcs {
  private static final int DEFAULT_DEPTH = 4;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_DATASET_NAME = 500;
  private static final int MAX_DIGEST = 36;
  private static final int MAX_EXPERIMENT_ID = 64;

  private final LineageService lineage;

  /** Creates them. */
  public LineageRpcs(LineageService lineage) {
    this.lineage = lineage;
  }

  GetLineageResponse getLineage(GetLineageRequest request) {
    RequestFields fields = new RequestFields();
    Optional<dev.slipway.registry.lineage.LineageNode> node = node(fields, request.getNode());
    Optional<LineageDirection> direction = direction(fields, request);
    if (request.getMaxDepth() < 0 || request.getMaxDepth() > MAX_DEPTH) {
      fields.violations().add("max_depth", "must be 0 to " + MAX_DEPTH);
    }
    fields.violations().throwIfAny();
    return response(
        lineage.lineage(
            node.orElseThrow(),
            direction.orElseThrow(),
            request.getMaxDepth() == 0 ? DEFAULT_DEPTH : request.getMaxDepth()));
  }

  private static Optional<LineageDirection> direction(
      RequestFields fields, GetLineageRequest request) {
    return switch (request.getDirection()) {
      case LINEAGE_DIRECTION_UPSTREAM -> Optional.of(LineageDirection.UPSTREAM);
      case LINEAGE_DIRECTION_DOWNSTREAM -> Optional.of(LineageDirection.DOWNSTREAM);
      case LINEAGE_DIRECTION_BOTH -> Optional.of(LineageDirection.BOTH);
      case LINEAGE_DIRECTION_UNSPECIFIED, UNRECOGNIZED -> {
        fields.violations().addMissing("direction");
        yield Optional.empty();
      }
    };
  }

  private static Optional<dev.slipway.registry.lineage.LineageNode> node(
      RequestFields fields, LineageNode node) {
    return switch (node.getThingCase()) {
      case VERSION ->
          fields
              .versionId(
                  "node.version.", node.getVersion().getName(), node.getVersion().getVersion())
              .map(id -> new OfVersion(id.name(), id.number()));
      case RUN ->
          fields
              .violations()
              .parse("node.run.run_id", node.getRun().getRunId(), RunId::new)
              .map(OfRun::new);
      case DATASET -> Optional.of(dataset(fields, node.getDataset()));
      case THING_NOT_SET -> {
        fields
            .violations()
            .add("node", "is required: a version, a run or a dataset", FieldViolation.REQUIRED);
        yield Optional.empty();
      }
    };
  }

  private static OfDataset dataset(RequestFields fields, DatasetNode dataset) {
    fields
        .violations()
        .required("node.dataset.dataset_name", dataset.getDatasetName(), MAX_DATASET_NAME);
    fields.violations().required("node.dataset.digest", dataset.getDigest(), MAX_DIGEST);
    fields.text("node.dataset.experiment_id", dataset.getExperimentId(), MAX_EXPERIMENT_ID);
    return new OfDataset(dataset.getDatasetName(), dataset.getDigest(), dataset.getExperimentId());
  }

  private static GetLineageResponse response(Lineage found) {
    GetLineageResponse.Builder response =
        GetLineageResponse.newBuilder().setTruncated(found.truncated());
    Map<dev.slipway.registry.lineage.LineageNode, Integer> indexes = new HashMap<>();
    for (dev.slipway.registry.lineage.LineageNode node : found.nodes()) {
      indexes.put(node, indexes.size());
      response.addNodes(message(node, found.runs()));
    }
    for (LineageLink link : found.links()) {
      response.addEdges(
          LineageEdge.newBuilder()
              .setFromIndex(indexes.get(link.from()))
              .setToIndex(indexes.get(link.to()))
              .setRelation(LineageEdge.Relation.valueOf("RELATION_" + link.relation().name()))
              .setRole(link.role()));
    }
    return response.build();
  }

  private static LineageNode message(
      dev.slipway.registry.lineage.LineageNode node, Map<RunId, RunFacts> runs) {
    LineageNode.Builder message = LineageNode.newBuilder();
    if (node instanceof OfVersion version) {
      message.setVersion(
          VersionNode.newBuilder()
              .setName(version.name().value())
              .setVersion(version.number().value()));
    } else if (node instanceof OfRun run) {
      RunNode.Builder known = RunNode.newBuilder().setRunId(run.id().value());
      Optional.ofNullable(runs.get(run.id()))
          .ifPresent(facts -> known.setExperimentId(facts.experimentId()).setRunName(facts.name()));
      message.setRun(known);
    } else if (node instanceof OfDataset dataset) {
      message.setDataset(
          DatasetNode.newBuilder()
              .setDatasetName(dataset.name())
              .setDigest(dataset.digest())
              .setExperimentId(dataset.experimentId()));
    }
    return message.build();
  }
}
