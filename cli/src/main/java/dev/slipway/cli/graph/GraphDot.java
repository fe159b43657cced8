package dev.slipway.cli.graph;

import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.Set;

/** Prints a graph in Graphviz's language; a pipeline that is a step is a box around its steps. */
final class GraphDot {
  private final PrintWriter out;

  GraphDot(PrintWriter out) {
    this.out = out;
  }

  void print(ModelGraph graph) {
    out.println("digraph " + quoted(graph.name()) + " {");
    out.println("  rankdir=LR;");
    out.println("  node [shape=box];");
    if (graph.pipeline().isPresent()) {
      inside(graph, "", "  ");
    } else {
      out.println("  " + quoted(graph.name()) + " [label=" + label(graph) + "];");
    }
    out.println("}");
  }

  private static String label(ModelGraph graph) {
    return quoted(graph.name() + "\n" + graph.about());
  }

  private void inside(ModelGraph graph, String prefix, String indent) {
    out.println(indent + quoted(prefix + "inputs") + " [label=inputs, shape=oval];");
    out.println(indent + quoted(prefix + "outputs") + " [label=outputs, shape=oval];");
    Set<String> pipelines = new HashSet<>();
    graph.visit(
        new ModelGraph.Visitor() {
          @Override
          public void step(PipelineStep step, ModelGraph version) {
            String id = prefix + step.name();
            if (version.pipeline().isEmpty()) {
              String label = quoted(step.name() + "\n" + version.name() + "\n" + version.about());
              out.println(indent + quoted(id) + " [label=" + label + "];");
              return;
            }
            pipelines.add(step.name());
            out.println(indent + "subgraph " + quoted("cluster_" + id) + " {");
            out.println(indent + "  label=" + quoted(step.name() + " " + version.name()) + ";");
            inside(version, id + "/", indent + "  ");
            out.println(indent + "}");
          }

          @Override
          public void input(PipelineStep step, String input, TensorSource source) {
            String to = pipelines.contains(step.name()) ? step.name() + "/inputs" : step.name();
            edge(
                from(source),
                to,
                source.tensor().equals(input) ? input : source.tensor() + " as " + input);
          }

          @Override
          public void output(String name, TensorSource source) {
            edge(
                from(source),
                "outputs",
                source.tensor().equals(name) ? name : source.tensor() + " as " + name);
          }

          private String from(TensorSource source) {
            String step = source.step().orElse("inputs");
            return pipelines.contains(step) ? step + "/outputs" : step;
          }

          private void edge(String from, String to, String tensor) {
            out.println(
                indent
                    + quoted(prefix + from)
                    + " -> "
                    + quoted(prefix + to)
                    + " [label="
                    + quoted(tensor)
                    + "];");
          }
        });
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }
}
