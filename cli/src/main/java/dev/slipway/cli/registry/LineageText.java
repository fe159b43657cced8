package dev.slipway.cli.registry;

import dev.slipway.cli.client.TextLine;
import dev.slipway.registry.v1.GetLineageResponse;
import dev.slipway.registry.v1.LineageEdge;
import dev.slipway.registry.v1.LineageNode;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.Set;
import java.util.function.ToIntFunction;

/** Prints lineage as two trees from the thing that was asked for. Not thread-safe. */
final class LineageText {
  private static final int START = 0;
  private static final String INDENT = "  ";

  private final PrintWriter out;
  private final GetLineageResponse lineage;

  LineageText(PrintWriter out, GetLineageResponse lineage) {
    this.out = out;
    this.lineage = lineage;
  }

  void print() {
    out.println(name(lineage.getNodes(START)));
    tree("made from", LineageEdge::getToIndex, LineageEdge::getFromIndex);
    tree("went into", LineageEdge::getFromIndex, LineageEdge::getToIndex);
  }

  private void tree(
      String heading, ToIntFunction<LineageEdge> near, ToIntFunction<LineageEdge> far) {
    if (lineage.getEdgesList().stream().anyMatch(edge -> near.applyAsInt(edge) == START)) {
      out.println(INDENT + heading);
      branch(START, INDENT + INDENT, near, far, new HashSet<>());
    }
  }

  /** Prints what is next to a node; of what was shown before, nothing that is behind it. */
  private void branch(
      int node,
      String indent,
      ToIntFunction<LineageEdge> near,
      ToIntFunction<LineageEdge> far,
      Set<Integer> shown) {
    for (LineageEdge edge : lineage.getEdgesList()) {
      if (near.applyAsInt(edge) == node) {
        int next = far.applyAsInt(edge);
        boolean again = !shown.add(next);
        out.println(
            indent
                + name(lineage.getNodes(next))
                + " ("
                + relation(edge)
                + (again ? ", as above" : "")
                + ")");
        if (!again) {
          branch(next, indent + INDENT, near, far, shown);
        }
      }
    }
  }

  private static String relation(LineageEdge edge) {
    String role = edge.getRole().isEmpty() ? "" : " " + edge.getRole();
    return switch (edge.getRelation()) {
      case RELATION_RUN_INPUT -> "input" + role;
      case RELATION_RUN_OUTPUT -> "output";
      case RELATION_PIPELINE_STEP -> "step" + role;
      case RELATION_COPY -> "copy";
      case RELATION_UNSPECIFIED, UNRECOGNIZED -> "other";
    };
  }

  private static String name(LineageNode node) {
    String name =
        switch (node.getThingCase()) {
          case VERSION -> node.getVersion().getName() + "/" + node.getVersion().getVersion();
          case RUN ->
              "run "
                  + node.getRun().getRunId()
                  + (node.getRun().getRunName().isEmpty() ? "" : " " + node.getRun().getRunName());
          case DATASET ->
              "dataset " + node.getDataset().getDatasetName() + " " + node.getDataset().getDigest();
          case THING_NOT_SET -> "nothing";
        };
    return TextLine.of(name);
  }
}
