package dev.slipway.cli.graph;

import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import java.io.PrintWriter;

/** Prints a graph as lines for people: each step behind those that feed it. */
public final class GraphText {
  private final PrintWriter out;

  /** Prints there; does not close it. */
  public GraphText(PrintWriter out) {
    this.out = out;
  }

  /** Prints a graph. */
  public void print(ModelGraph graph) {
    out.println(graph.name() + "  " + graph.about());
    print(graph, "  ");
  }

  private void print(ModelGraph graph, String indent) {
    graph.visit(
        new ModelGraph.Visitor() {
          @Override
          public void step(PipelineStep step, ModelGraph version) {
            out.println(indent + step.name() + "  " + version.name() + "  " + version.about());
            print(version, indent + "  | ");
          }

          @Override
          public void input(PipelineStep step, String input, TensorSource source) {
            out.println(indent + "    " + input + " <- " + source);
          }

          @Override
          public void output(String name, TensorSource source) {
            out.println(indent + name + " <- " + source);
          }
        });
  }
}
