package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.FaultyServing.Fault;
import dev.slipway.runtime.config.Commands;
import io.grpc.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Predictions for files, on a server with a model of columns and one of a tensor. */
@ExtendWith(ModelServer.Running.class)
class BatchCommandIT {
  private static final int ROWS = 100;

  private static ModelServer server;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start(ModelServer running) {
    server = running;
  }

  private int slipway(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private String done(String... args) {
    assertThat(slipway(args)).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    return out.toString();
  }

  private int batch(String model, Path in, Path to, String... options) {
    List<String> args =
        new ArrayList<>(List.of("batch", model, in.toString(), to.toString(), "--quiet"));
    args.addAll(Arrays.asList(options));
    return slipway(args.toArray(String[]::new));
  }

  private Path completed(String model, Path in, String name, String... options) {
    Path to = folder.resolve(name);
    assertThat(batch(model, in, to, options)).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    assertThat(folder.resolve(name + ".part")).doesNotExist();
    assertThat(folder.resolve(name + ".checkpoint")).doesNotExist();
    return to;
  }

  /** Writes rows with an id, of which some lack the optional column. */
  private Path csv(String name, int rows) throws IOException {
    StringBuilder text = new StringBuilder("id,c,a,b\n");
    for (int i = 0; i < rows; i++) {
      text.append("%05d,%s,%s,%s\n".formatted(i, cell(i, 7), cell(i, 11), i % 3 == 0 ? "" : 0.5));
    }
    return Files.writeString(folder.resolve(name), text);
  }

  private static double cell(int row, int by) {
    return row * by % 40 / 10.0 - 2;
  }

  private List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file);
  }

  @Test
  void batch_everyPairOfForms_answersAsPredictDoes() throws IOException {
    Path csv = csv("rows.csv", ROWS);
    List<String> expected =
        done("predict", "columns", "--csv", csv.toString()).lines().skip(1).toList();
    assertThat(expected).hasSize(ROWS).anyMatch("0"::equals).anyMatch("1"::equals);
    Path answers = completed("columns", csv, "answers.csv", "--rows-per-request=7");
    assertThat(lines(answers).subList(1, ROWS + 1)).isEqualTo(expected);
    StringBuilder records = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      records.append(
          "{\"id\": \"%05d\", \"a\": %s, \"c\": %s%s}\n"
              .formatted(i, cell(i, 11), cell(i, 7), i % 3 == 0 ? "" : ", \"b\": 0.5"));
    }
    Path json = Files.writeString(folder.resolve("rows.jsonl"), records);
    // The same rows, written by pyarrow.
    Path parquet = Path.of("src/test/resources/dev/slipway/cli/batch/rows.parquet");
    for (Path input : List.of(csv, json, parquet)) {
      String name = "out-" + input.getFileName();
      assertThat(completed("columns", input, name + ".csv", "--rows-per-request=9"))
          .hasSameTextualContentAs(answers);
      Path toJson = completed("columns", input, name + ".jsonl", "--keep=id");
      assertThat(lines(toJson)).hasSize(ROWS);
      for (int i = 0; i < ROWS; i++) {
        assertThat(lines(toJson).get(i))
            .startsWith("{\"id\":\"%05d\",".formatted(i))
            .endsWith(":" + expected.get(i) + "}");
      }
    }
    // What is written as Parquet is an input again, with the types that it had.
    Path again = completed("columns", parquet, "again.parquet", "--keep=*", "--rows-per-request=9");
    assertThat(completed("columns", again, "again.csv")).hasSameTextualContentAs(answers);
  }

  @Test
  void batch_modelOfATensor_takesListsAndTables() throws IOException {
    int width = width();
    String row = "[" + "0.5,".repeat(width - 1) + "1]";
    Path lists = Files.writeString(folder.resolve("rows.jsonl"), (row + "\n").repeat(5));
    Path csv =
        Files.writeString(
            folder.resolve("rows.csv"),
            header(width) + "\n" + (row.substring(1, row.length() - 1) + "\n").repeat(5));

    Path fromLists = completed("tensor", lists, "lists.jsonl", "--rows-per-request=2");

    assertThat(completed("tensor", csv, "csv.jsonl")).hasSameTextualContentAs(fromLists);
    assertThat(lines(fromLists)).hasSize(5);
    String predicted = done("predict", "tensor", "--csv", csv.toString());
    assertThat(completed("tensor", lists, "lists.csv")).hasContent(predicted);
  }

  private int width() {
    String takes =
        done("describe", "tensor")
            .lines()
            .filter(line -> line.contains("takes"))
            .findFirst()
            .orElseThrow();
    return Integer.parseInt(takes.replaceAll(".*, ([0-9]+)].*", "$1"));
  }

  private static String header(int width) {
    StringBuilder header = new StringBuilder("x0");
    for (int i = 1; i < width; i++) {
      header.append(",x").append(i);
    }
    return header.toString();
  }

  private static FaultyServing faulty(IntFunction<Optional<Fault>> faults) throws IOException {
    return new FaultyServing(server.client().servingChannel(), faults);
  }

  @ParameterizedTest
  @CsvSource({
    "1, csv, false",
    "5, csv, true",
    "9, csv, false",
    "4, jsonl, false",
    "9, parquet, false"
  })
  void batch_cutOffAndRepeated_isTheSameByteByByte(int requests, String form, boolean unordered)
      throws Exception {
    Path csv = csv("rows.csv", ROWS);
    List<String> options =
        new ArrayList<>(List.of("--rows-per-request=10", "--keep=*", "--max-in-flight=1"));
    if (unordered) {
      options.add("--unordered");
    }
    Path whole = completed("columns", csv, "whole." + form, options.toArray(String[]::new));
    Path to = folder.resolve("cut." + form);
    Path part = folder.resolve("cut." + form + ".part");
    try (FaultyServing serving =
        faulty(
            number ->
                number == requests
                    ? Optional.of(new Fault(Status.INTERNAL, true))
                    : Optional.empty())) {
      options.add("--serving-address=" + serving.address());
      assertThat(batch("columns", csv, to, options.toArray(String[]::new))).isEqualTo(1);
      assertThat(err.toString())
          .contains("INTERNAL: rows %d to %d: ".formatted(requests * 10 + 1, requests * 10 + 10));
      assertThat(to).doesNotExist();
      // A process that is killed may have written more than it is sure of.
      Files.writeString(part, "\"half a row", StandardOpenOption.APPEND);

      assertThat(batch("columns", csv, to, options.toArray(String[]::new)))
          .as(err.toString())
          .isZero();

      assertThat(out.toString())
          .contains("goes on with version", "after %d rows".formatted(requests * 10));
      assertThat(serving.requests()).isEqualTo(ROWS / 10 + 1);
    }
    assertThat(to).hasSameBinaryContentAs(whole);
    assertThat(folder).isDirectoryNotContaining("glob:**.{part,checkpoint}");
  }

  @Test
  void batch_serverThatIsAwayOrFullForAWhile_isAskedAgain() throws Exception {
    Path csv = csv("rows.csv", ROWS);
    Path whole = completed("columns", csv, "whole.csv", "--keep=id");
    try (FaultyServing serving =
        faulty(
            number ->
                switch (number) {
                  case 2 -> Optional.of(new Fault(Status.RESOURCE_EXHAUSTED, true));
                  case 5 -> Optional.of(new Fault(Status.UNAVAILABLE, false));
                  default -> Optional.empty();
                })) {
      for (String order : List.of("--max-in-flight=4", "--unordered")) {
        Path to =
            completed(
                "columns",
                csv,
                "out" + order + ".csv",
                "--keep=id",
                order,
                "--rows-per-request=10",
                "--serving-address=" + serving.address());
        assertThat(lines(to)).containsExactlyInAnyOrderElementsOf(lines(whole));
      }
      assertThat(serving.requests()).isGreaterThan(2 * ROWS / 10);
    }
    try (FaultyServing serving =
        faulty(number -> Optional.of(new Fault(Status.UNAVAILABLE, true)))) {
      assertThat(
              batch(
                  "columns",
                  csv,
                  folder.resolve("no.csv"),
                  "--retry-seconds=0",
                  "--serving-address=" + serving.address()))
          .isEqualTo(1);
    }
    assertThat(err.toString()).startsWith("slipway: UNAVAILABLE: rows 1 to 100: ");
    assertThat(folder).isDirectoryNotContaining("glob:**.{part,checkpoint}");
  }

  @Test
  void batch_allThatIsInFlightRefusedAtOnce_pausesOnceForAll() throws Exception {
    Path csv = csv("rows.csv", ROWS);
    Path whole = completed("columns", csv, "whole.csv");
    int inFlight = 32;
    try (FaultyServing serving =
        faulty(
            number ->
                number < inFlight
                    ? Optional.of(new Fault(Status.RESOURCE_EXHAUSTED, true))
                    : Optional.empty())) {
      // A pause for each would be minutes.
      Path to =
          completed(
              "columns",
              csv,
              "out.csv",
              "--rows-per-request=3",
              "--max-in-flight=" + inFlight,
              "--retry-seconds=30",
              "--serving-address=" + serving.address());

      assertThat(to).hasSameTextualContentAs(whole);
      assertThat(serving.requests()).isEqualTo(inFlight + (ROWS + 2) / 3);
    }
  }

  @Test
  void batch_outputThatAppearsMeanwhile_isNotReplaced() throws Exception {
    Path csv = csv("rows.csv", ROWS);
    Path whole = completed("columns", csv, "whole.csv");
    Path to = folder.resolve("out.csv");
    try (FaultyServing serving =
        faulty(
            number -> {
              write(to, "of somebody else");
              return Optional.empty();
            })) {
      assertThat(batch("columns", csv, to, "--serving-address=" + serving.address())).isEqualTo(1);
    }
    assertThat(err.toString()).contains("out.csv is there already: --overwrite replaces it");
    assertThat(to).hasContent("of somebody else");

    assertThat(batch("columns", csv, to, "--overwrite")).as(err.toString()).isZero();

    assertThat(out.toString()).contains("after 100 rows");
    assertThat(to).hasSameTextualContentAs(whole);
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void batch_checkpointOfAnotherRun_isRefusedUntilRestarted() throws Exception {
    Path csv = csv("rows.csv", ROWS);
    Path to = folder.resolve("out.csv");
    try (FaultyServing serving =
        faulty(
            number ->
                number == 2 ? Optional.of(new Fault(Status.INTERNAL, true)) : Optional.empty())) {
      assertThat(
              batch(
                  "columns",
                  csv,
                  to,
                  "--rows-per-request=10",
                  "--max-in-flight=1",
                  "--serving-address=" + serving.address()))
          .isEqualTo(1);
    }
    assertThat(batch("columns@latest", csv, to, "--rows-per-request=11")).isEqualTo(1);
    assertThat(err.toString())
        .contains("out.csv.checkpoint is of another run")
        .contains("the model was columns and is columns@latest")
        .contains("--rows-per-request was 10 and is 11")
        .contains("--restart");
    Files.writeString(csv, "1,1,1,1\n", StandardOpenOption.APPEND);
    assertThat(batch("columns", csv, to, "--rows-per-request=10")).isEqualTo(1);
    assertThat(err.toString()).contains("the input is another file, or was changed since");
    assertThat(to).doesNotExist();

    assertThat(batch("columns", csv, to, "--rows-per-request=10", "--restart")).isZero();
    assertThat(lines(to)).hasSize(ROWS + 2);
    assertThat(batch("columns", csv, to)).isEqualTo(1);
    assertThat(err.toString()).contains("is there already: --overwrite replaces it");
    assertThat(batch("columns", csv, to, "--overwrite")).isZero();
  }

  private static void promoteNext(String model) {
    try {
      server.promoteNext(model);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void batch_promotionBetweenARunAndItsRepetition_mixesNoVersions() throws Exception {
    server.register("promoted", ModelServer.COLUMNS);
    Path csv = csv("rows.csv", ROWS);
    Path to = folder.resolve("out.csv");
    String[] options = {"--rows-per-request=10", "--max-in-flight=1"};
    AtomicBoolean promoted = new AtomicBoolean();
    try (FaultyServing serving =
        faulty(
            number -> {
              if (number == 3) {
                promoteNext("promoted");
                promoted.set(true);
              }
              return number == 6 ? Optional.of(new Fault(Status.INTERNAL, true)) : Optional.empty();
            })) {
      assertThat(
              batch(
                  "promoted",
                  csv,
                  to,
                  options[0],
                  options[1],
                  "--serving-address=" + serving.address()))
          .isEqualTo(1);
    }
    assertThat(promoted).isTrue();

    assertThat(batch("promoted", csv, to, options)).as(err.toString()).isZero();

    assertThat(out.toString())
        .contains("goes on with version 1 after 60 rows")
        .contains("100 rows by promoted version 1");
    Path other = completed("promoted/2", csv, "other.csv", options);
    assertThat(out.toString()).contains("by promoted version 2");
    assertThat(to).hasSameTextualContentAs(other);
  }

  @Test
  void batch_faultyRows_endTheRunOrAreKept() throws IOException {
    Path json =
        Files.writeString(
            folder.resolve("rows.jsonl"),
            """
            {"id": 1, "a": 0.1, "c": 1}
            {"id": 2, "a": "x", "c": 1}
            {"id": 3, "a": 0.1
            {"id": 4, "a": null, "c": 1}

            {"id": 6, "a": 0.1, "c": 1}
            """);
    Path to = folder.resolve("out.jsonl");

    assertThat(batch("columns", json, to)).isEqualTo(1);

    assertThat(err.toString()).contains("rows.jsonl: row 2: a must be a number").hasLineCount(1);
    assertThat(folder).isDirectoryNotContaining("glob:**out.jsonl*");

    assertThat(batch("columns", json, to, "--row-errors", "--keep=id")).isZero();
    assertThat(out.toString()).contains("6 rows by columns version 1, 3 without a prediction");
    List<String> rows = lines(to);
    assertThat(rows).hasSize(6);
    assertThat(rows.get(0)).matches("\\{\"id\":1,\"[^\"]+\":[01],\"error\":null}");
    assertThat(rows.get(1)).contains("null,\"error\":\"a must be a number");
    assertThat(rows.get(2)).contains("null,\"error\":\"not JSON");
    assertThat(rows.get(4)).contains("null,\"error\":\"the line is empty");
    assertThat(rows.get(5)).startsWith("{\"id\":6,").endsWith("\"error\":null}");

    // Also where those of the first requests are all at fault.
    Path later =
        Files.writeString(folder.resolve("later.jsonl"), "x\n{\"a\": 1}\n{\"a\": 0.1, \"c\": 1}\n");
    Path kept =
        completed(
            "columns",
            later,
            "later-out.jsonl",
            "--row-errors",
            "--rows-per-request=1",
            "--max-in-flight=1");
    assertThat(lines(kept)).hasSize(3);
    assertThat(lines(kept).get(0)).contains("null,\"error\":\"not JSON");
    assertThat(lines(kept).get(1)).contains("null,\"error\":\"the row lacks the column c");
    assertThat(lines(kept).get(2)).matches("\\{\"[^\"]+\":[01],\"error\":null}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | columns | rows.csv   | id;1           |                    | lacks the columns [a, c];"
            + " it has [id]",
        "1 | columns | rows.csv   | a,c;1,2        | --keep=id          | there is no column id",
        "1 | columns | rows.csv   | a,c;1,2;3      |                    | row 2: the row has 1"
            + " cells and its header 2",
        "1 | columns | rows.csv   | a,c,error;1,2,3 | --row-errors --keep=* | two columns error",
        "1 | columns | rows.jsonl | [1, 2]         |                    | row 1: the row has 2"
            + " columns and the model takes 3",
        "1 | columns | rows.jsonl | {}             | --keep=*           | name them with --keep",
        "1 | columns | rows.parquet | x            |                    | no Parquet file",
        "1 | columns | rows.jsonl | a,c;1,2        | --row-errors       | rows.jsonl: of its 2 rows"
            + " none can be read as the model's inputs; is it the right file? row 1: not JSON",
        "2 | columns | rows.csv   | a,c;1,2        | --param=b=1        | the model declares no"
            + " parameter b",
        "1 | column  | rows.csv   | a,c;1,2        |                    | MODEL_NOT_FOUND",
        "1 | columns | none.csv   |                |                    | none.csv is no file",
        "2 | columns | rows.txt   | a,c;1,2        |                    | give --in-format",
        "2 | columns | rows.csv   | a,c;1,2        | --max-in-flight=0  | --max-in-flight takes"
            + " numbers",
        "2 | /x      | rows.csv   | a,c;1,2        |                    | names no model"
      })
  void batch_refused_saysWhyAndWritesNothing(
      int code, String model, String name, String text, String options, String message)
      throws IOException {
    Path in = folder.resolve(name);
    if (text != null) {
      Files.writeString(in, text.replace(';', '\n') + "\n");
    }
    Path to = folder.resolve("out.csv");

    assertThat(batch(model, in, to, options == null ? new String[0] : options.split(" ")))
        .isEqualTo(code);

    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
    assertThat(folder).isDirectoryNotContaining("glob:**out.csv*");
  }

  @Test
  void batch_fileOfOtherRows_isRefusedAndNothingIsLeft() throws IOException {
    Path few = Files.writeString(folder.resolve("few.jsonl"), "{\"x\": 1}\n".repeat(40));
    Path many = Files.writeString(folder.resolve("many.jsonl"), "\n".repeat(20_000));
    Path to = folder.resolve("out.jsonl");

    assertThat(
            batch(
                "columns",
                few,
                to,
                "--row-errors",
                "--rows-per-request=3",
                "--max-in-flight=2",
                "--checkpoint-seconds=0"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("of its 40 rows none can be read");
    assertThat(folder).isDirectoryNotContaining("glob:**out*");
    assertThat(batch("columns", many, to, "--row-errors")).isEqualTo(1);
    assertThat(err.toString()).contains("of its first 10,240 rows none can be read");
    assertThat(folder).isDirectoryNotContaining("glob:**out*");
  }

  @Test
  void batch_emptyInput_givesAnEmptyOutput() throws IOException {
    Path csv = Files.writeString(folder.resolve("rows.csv"), "id,a,c\n");

    try (FaultyServing serving = faulty(number -> Optional.empty())) {
      // What is asked besides the rows is asked again too.
      serving.refuseEverySecondCall();
      Path to =
          completed(
              "columns", csv, "out.csv", "--keep=id", "--serving-address=" + serving.address());
      assertThat(lines(to)).hasSize(1);
    }
    assertThat(completed("columns", csv, "out.jsonl")).isEmptyFile();
    Path parquet = completed("columns", csv, "out.parquet", "--keep=*");
    assertThat(completed("columns", parquet, "again.jsonl")).isEmptyFile();
  }
}
