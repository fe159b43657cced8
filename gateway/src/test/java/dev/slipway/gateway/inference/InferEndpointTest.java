package dev.slipway.gateway.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import dev.slipway.gateway.ServedModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferEndpointTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static final Map<String, String> SERVED = new ConcurrentHashMap<>();
  private static final String BINARY_OUTPUTS = "'parameters':{'binary_data_output':true}";

  /** Returns the path of a model that is served once for all tests. */
  private static String path(String file) {
    return Bodies.path(SERVED.computeIfAbsent(file, key -> ServedModels.serve(gateway, key)));
  }

  private static String identity(String datatype) {
    return path("identity_" + datatype.toLowerCase(Locale.ROOT));
  }

  private static Reply json(String path, String json) {
    return Bodies.json(gateway, path, json);
  }

  private static Reply binary(String path, String json, String hex) {
    return Bodies.binary(gateway, path, json, hex);
  }

  private static String input(String datatype, String shape, String rest) {
    return "{'name':'in','shape':%s,'datatype':'%s',%s}".formatted(shape, datatype, rest);
  }

  private static String oneInput(String datatype, String shape, String rest) {
    return "{'inputs':[" + input(datatype, shape, rest) + "]}";
  }

  private static String bytes(int size) {
    return "'parameters':{'binary_data_size':" + size + "}";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "BOOL; [true,false]; 0100",
        "UINT8; [1,255]; 01ff",
        "UINT16; [1,65535]; 0100ffff",
        "UINT32; [1,4294967295]; 01000000ffffffff",
        "UINT64; [1,18446744073709551615]; 0100000000000000ffffffffffffffff",
        "INT8; [1,-128]; 0180",
        "INT16; [1,-2]; 0100feff",
        "INT32; [1,-2]; 01000000feffffff",
        "INT64; [-1,9223372036854775807]; ffffffffffffffffffffffffffffff7f",
        "FP32; [1.0,2.0]; 0000803f00000040",
        "FP64; [1.0,0.1]; 000000000000f03f9a9999999999b93f",
        "BYTES; ['ab','']; 02000000616200000000"
      })
  void everyDatatype_asJsonAndAsBytes_comesBackEitherWay(String type, String data, String hex) {
    String path = identity(type);
    String asJson = oneInput(type, "[1,2]", "'data':" + data);
    String asBytes = oneInput(type, "[1,2]", bytes(hex.length() / 2));

    Reply jsonToJson = json(path, asJson);
    Reply bytesToJson = binary(path, asBytes, hex);
    Reply jsonToBytes = json(path, asJson.replaceFirst("\\{", "{" + BINARY_OUTPUTS + ","));
    Reply bytesToBytes = binary(path, asBytes.replaceFirst("\\{", "{" + BINARY_OUTPUTS + ","), hex);

    assertThat(jsonToJson.text()).contains(("'data':" + data).replace('\'', '"'));
    assertThat(jsonToJson.response().headers().firstValue("Inference-Header-Content-Length"))
        .isEmpty();
    assertThat(bytesToJson.body().get("outputs")).isEqualTo(jsonToJson.body().get("outputs"));
    assertThat(Bodies.tail(jsonToBytes)).isEqualTo(hex);
    assertThat(Bodies.tail(bytesToBytes)).isEqualTo(hex);
    assertThat(Bodies.head(bytesToBytes))
        .contains("\"binary_data_size\":" + hex.length() / 2)
        .doesNotContain("\"data\"");
    assertThat(bytesToBytes.response().headers().firstValue("Content-Type"))
        .hasValue("application/octet-stream");
  }

  @ParameterizedTest
  @CsvSource({"FP16, 003c00bc", "BF16, 803f80bf"})
  void halfPrecision_travelsAsBytesOnly(String type, String hex) {
    String path = identity(type);
    String given = input(type, "[1,2]", bytes(4));

    Reply asBytes = binary(path, "{" + BINARY_OUTPUTS + ",'inputs':[" + given + "]}", hex);
    Reply answeredInJson = binary(path, "{'inputs':[" + given + "]}", hex);
    Reply askedInJson = json(path, oneInput(type, "[1,2]", "'data':[1,-1]"));

    assertThat(Bodies.tail(asBytes)).isEqualTo(hex);
    assertThat(answeredInJson.status()).isEqualTo(400);
    assertThat(answeredInJson.text()).contains("binary_data");
    assertThat(askedInJson.status()).isEqualTo(400);
    assertThat(askedInJson.text()).contains("inputs[0].data").contains(type);
  }

  @Test
  void answer_tellsWhatRan_andEchoesTheId() {
    Reply reply =
        json(
            identity("FP32"),
            "{'id':'r1','inputs':[" + input("FP32", "[1,2]", "'data':[7,8]") + "]}");
    Reply nameless = json(identity("FP32"), oneInput("FP32", "[1,2]", "'data':[7,8]"));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.body().get("id").textValue()).isEqualTo("r1");
    assertThat(reply.body().get("model_name").textValue()).startsWith("identity_fp32");
    assertThat(reply.body().get("model_version").textValue()).isEqualTo("1");
    assertThat(reply.body().at("/parameters/slipway_version").textValue()).isEqualTo("1");
    assertThat(reply.body().at("/parameters/slipway_stage").textValue()).isEqualTo("Production");
    assertThat(reply.body().at("/parameters/slipway_digest").textValue()).hasSize(64);
    assertThat(reply.body().at("/parameters/slipway_batch_size").isIntegralNumber()).isTrue();
    assertThat(reply.body().at("/outputs/0/shape").toString()).isEqualTo("[1,2]");
    assertThat(nameless.body().get("id").textValue()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Production", "production", "1", "latest"})
  void version_isANumberOrAStage(String version) {
    String path = identity("FP32").replace("/infer", "/versions/" + version + "/infer");

    assertThat(json(path, oneInput("FP32", "[1,2]", "'data':[7,8]")).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "nobody"})
  void versionThatIsNone_is404(String version) {
    String path = identity("FP32").replace("/infer", "/versions/" + version + "/infer");

    Reply reply = json(path, oneInput("FP32", "[1,2]", "'data':[7,8]"));

    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.body().get("error").textValue()).contains(version);
  }

  @Test
  void stageOfNoVersion_is400() {
    String path = identity("FP32").replace("/infer", "/versions/Staging/infer");

    assertThat(json(path, oneInput("FP32", "[1,2]", "'data':[7,8]")).status()).isEqualTo(400);
  }

  @Test
  void severalTensors_mixedAndReordered_keepTheirBytes() {
    String request =
        "{'inputs':[{'name':'b','shape':[1],'datatype':'FP64','data':[1.0]},"
            + "{'datatype':'INT64','shape':[1],'parameters':{'binary_data_size':8},'name':'a'}],"
            + "'outputs':[{'name':'greater','parameters':{'binary_data':%s}},"
            + "{'name':'sum','parameters':{'binary_data':%s}}]}";

    Reply both = binary(path("two_in_two_out"), request.formatted(true, true), "0200000000000000");
    Reply first =
        binary(path("two_in_two_out"), request.formatted(true, false), "0200000000000000");

    assertThat(Bodies.tail(both)).isEqualTo("01" + "0000000000000840");
    assertThat(Bodies.tail(first)).isEqualTo("01");
    assertThat(Bodies.head(first))
        .contains("\"name\":\"sum\",\"datatype\":\"FP64\",\"shape\":[1],\"data\":[3.0]");
  }

  @Test
  void twoBinaryInputs_takeTheBytesInTheirOrder() {
    Reply reply =
        binary(
            path("two_in_two_out"),
            "{'inputs':[{'name':'b','shape':[1],'datatype':'FP64',"
                + bytes(8)
                + "},{'name':'a','shape':[1],'datatype':'INT64',"
                + bytes(8)
                + "}]}",
            "000000000000f03f" + "0200000000000000");

    assertThat(reply.body().at("/outputs/0/data/0").doubleValue()).isEqualTo(3.0);
  }

  @Test
  void oneOutputMayBeLeftOutOfTheDefault() {
    Reply reply =
        json(
            identity("INT8"),
            "{"
                + BINARY_OUTPUTS
                + ",'inputs':["
                + input("INT8", "[1,2]", "'data':[1,2]")
                + "],'outputs':[{'name':'out','parameters':{'binary_data':false}}]}");

    assertThat(reply.body().at("/outputs/0/data").toString()).isEqualTo("[1,2]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[1,2]; [1,2]; [1,2]",
        "[1,2]; [[1,2]]; [1,2]",
        "[2,2]; [[1,2],[3,4]]; [1,2,3,4]",
        "[2,2]; [1,2,3,4]; [1,2,3,4]",
        "[0,2]; []; []"
      })
  void data_flatOrNestedLikeTheShape(String shape, String data, String flat) {
    Reply reply = json(identity("INT32"), oneInput("INT32", shape, "'data':" + data));

    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.body().at("/outputs/0/shape").toString()).isEqualTo(shape);
    assertThat(reply.body().at("/outputs/0/data").toString()).isEqualTo(flat);
  }

  @Test
  void data_mayComeBeforeItsType() {
    Reply reply =
        json(
            identity("INT32"),
            "{'inputs':[{'data':[[3,4]],'name':'in','shape':[1,2],'datatype':'INT32'}]}");

    assertThat(reply.body().at("/outputs/0/data").toString()).isEqualTo("[3,4]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "INT8; [1,2]; [1,128]; element 1",
        "INT8; [1,2]; [1,1.5]; element 1",
        "UINT8; [1,2]; [-1,1]; element 0",
        "UINT64; [1,1]; [18446744073709551616]; element 0",
        "INT64; [1,1]; [9223372036854775808]; element 0",
        "FP32; [1,1]; [1e39]; element 0",
        "FP64; [1,1]; [1e999]; element 0",
        "FP32; [1,1]; ['1']; element 0",
        "FP32; [1,1]; [NaN]; not valid JSON",
        "BOOL; [1,1]; [1]; element 0",
        "BYTES; [1,1]; [{'a':[1]}]; element 0",
        "INT32; [1,2]; [1]; not the shape",
        "INT32; [1,2]; [1,2,3]; not the shape",
        "INT32; [2,1]; [[1,2]]; not the shape",
        "INT32; [1,3]; [[1,2],[3]]; differ",
        "INT32; [1,2]; [1,[2]]; differ",
        "INT32; [1,2]; 5; must be a list"
      })
  void data_thatIsNotTheTensor_isRefused(String type, String shape, String data, String why) {
    Reply reply = json(identity(type), oneInput(type, shape, "'data':" + data));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains(why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "INT32; [1,2]; 01000000; 4; inputs[0]",
        "INT32; [1,2]; 010000000200000003000000; 12; inputs[0]",
        "INT32; [1,2]; 0100000002000000; 9; 8 are left",
        "INT32; [1,2]; 0100000002000000; -1; binary_data_size",
        "INT32; [1,2]; 010000000200000003; 8; 1 bytes at its end",
        "INT32; [1,2]; ''; 8; 0 are left",
        "BYTES; [1,1]; ff00000061; 5; inputs[0]",
        "BYTES; [1,1]; ffffffff61; 5; inputs[0]",
        "INT32; '[4611686018427387904,4]'; 01000000; 4; inputs[0].shape",
        "INT32; '[-1,2]'; 0100000002000000; 8; inputs[0].shape"
      })
  void bytesThatAreNotTheTensor_areRefused(
      String type, String shape, String hex, int size, String why) {
    Reply reply = binary(identity(type), oneInput(type, shape, bytes(size)), hex);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"100000", "-1", "x", "4294967295", ""})
  void lengthOfTheJson_thatTheBodyDoesNotHave_isRefused(String length) {
    Reply reply =
        gateway.send(
            Bodies.post(gateway, identity("INT8"), Bodies.quoted("{'inputs':[]}"), "")
                .header("Inference-Header-Content-Length", length));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains("Inference-Header-Content-Length");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'{}'; inputs",
        "'{\"inputs\":[]}'; inputs",
        "'{\"inputs\":null}'; inputs",
        "'[]'; object",
        "''; object",
        "'{'; not valid JSON",
        "'{} {}'; ends before",
        "'{\"inputs\":{}}'; inputs: must be a list",
        "'{\"inputs\":[5]}'; inputs[0]",
        "'{\"inputs\":[{}],\"inputs\":[{}]}'; not valid JSON"
      })
  void bodyThatIsNoRequest_isRefused(String body, String why) {
    Reply reply = json(identity("INT8"), body);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains(why);
  }

  @Test
  void allThatIsWrong_isToldAtOnce() {
    Reply reply =
        json(
            identity("INT8"),
            "{'id':5,'parameters':{'p':[],'binary_data_output':1},'inputs':["
                + "{'datatype':'NOPE','shape':['a'],'data':[1]},"
                + "{'name':'in','datatype':'INT8'}],'outputs':[{'parameters':{'binary_data':0}}]}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue())
        .contains("id: ", "parameters[p]", "parameters[binary_data_output]", "inputs[0].name")
        .contains("inputs[0].datatype", "inputs[0].shape[0]", "inputs[1].shape", "inputs[1].data")
        .contains("outputs[0].name", "outputs[0].parameters[binary_data]");
  }

  @Test
  void dataBesideBytes_isRefused() {
    Reply reply =
        binary(identity("INT8"), oneInput("INT8", "[1,1]", "'data':[1]," + bytes(1)), "01");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains("inputs[0].data");
  }

  @Test
  void wholeBodyAsTheOnlyInput_isAnsweredInBytes() {
    Reply numbers = raw(path("mlp"), "0000803f000000400000404000008040");
    Reply tooShort = raw(path("mlp"), "0000803f");
    Reply twoInputs = raw(path("two_in_two_out"), "00");

    assertThat(numbers.status()).as(numbers.text()).isEqualTo(200);
    assertThat(Bodies.head(numbers)).contains("\"shape\":[1,3]", "\"binary_data_size\":12");
    assertThat(tooShort.status()).isEqualTo(400);
    assertThat(twoInputs.status()).isEqualTo(400);
  }

  private static Reply raw(String path, String hex) {
    return gateway.send(
        Bodies.post(gateway, path, new byte[0], hex)
            .header("Inference-Header-Content-Length", "0"));
  }

  @Test
  void outputThatJsonCannotHold_isRefused_andComesAsBytes() {
    String nan = oneInput("FP32", "[1,2]", bytes(8));
    String hex = "0000c07f00000000";

    Reply refused = binary(identity("FP32"), nan, hex);
    Reply asBytes =
        binary(identity("FP32"), nan.replaceFirst("\\{", "{" + BINARY_OUTPUTS + ","), hex);

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().get("error").textValue()).contains("outputs[out]", "binary_data");
    assertThat(Bodies.tail(asBytes)).isEqualTo(hex);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'shared_memory_region':'r'", "'classification':2"})
  void whatTheServerLacks_is501(String parameter) {
    String input = input("INT8", "[1,1]", "'data':[1]");
    Reply reply =
        json(
            identity("INT8"),
            "{'inputs':["
                + input
                + "],'outputs':[{'name':'out','parameters':{"
                + parameter
                + "}}]}");

    assertThat(reply.status()).isEqualTo(501);
    assertThat(reply.body().get("error").textValue()).contains("outputs[0]");
  }

  @Test
  void inputInSharedMemory_is501() {
    Reply reply =
        json(
            identity("INT8"),
            oneInput("INT8", "[1,1]", "'parameters':{'shared_memory_region':'r'}"));

    assertThat(reply.status()).isEqualTo(501);
  }

  @Test
  void whatTheModelDoesNotTake_isRefusedWithTheNameOfTheField() {
    Reply reply = json(identity("INT8"), oneInput("INT16", "[1,1]", "'data':[1]"));
    Reply parameter =
        json(
            identity("INT8"),
            "{'parameters':{'colour':'red','priority':1},'inputs':["
                + input("INT8", "[1,1]", "'data':[1]")
                + "]}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains("in", "INT8");
    assertThat(parameter.status()).isEqualTo(400);
    assertThat(parameter.body().get("error").textValue())
        .contains("colour")
        .doesNotContain("priority");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate", "GZIP"})
  void packedBody_isUnpacked_andItsLengthsAreThoseOfTheUnpacked(String encoding)
      throws IOException {
    byte[] json = Bodies.quoted(oneInput("INT8", "[1,2]", bytes(2)));
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(json);
    whole.write(new byte[] {1, 2});

    Reply reply =
        gateway.send(
            Bodies.post(gateway, identity("INT8"), packed(encoding, whole.toByteArray()), "")
                .header("Content-Encoding", encoding)
                .header("Inference-Header-Content-Length", Integer.toString(json.length)));

    assertThat(reply.body().at("/outputs/0/data").toString()).isEqualTo("[1,2]");
  }

  private static byte[] packed(String encoding, byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out =
        encoding.equals("deflate")
            ? new DeflaterOutputStream(packed)
            : new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  @Test
  void packedBody_thatIsTooLargeOrNone_isRefused() throws IOException {
    byte[] bomb = packed("gzip", new byte[GatewayExtension.MAX_INFERENCE_BYTES + 1]);

    assertThat(encoded(bomb, "gzip")).isEqualTo(413);
    assertThat(encoded(new byte[] {1, 2, 3}, "gzip")).isEqualTo(400);
    assertThat(encoded(new byte[] {1, 2, 3}, "deflate")).isEqualTo(400);
    assertThat(encoded(new byte[0], "gzip")).isEqualTo(400);
    assertThat(encoded(new byte[0], "br")).isEqualTo(415);
  }

  private static int encoded(byte[] body, String encoding) {
    Reply reply =
        gateway.send(
            Bodies.post(gateway, identity("INT8"), body, "").header("Content-Encoding", encoding));
    assertThat(reply.body().get("error").textValue()).isNotEmpty();
    return reply.status();
  }

  @Test
  void largeTensor_passes_andOneBeyondTheLimitIsRefused() {
    String hex = HexFormat.of().formatHex(new byte[2_800_000]);
    String large =
        "{"
            + BINARY_OUTPUTS
            + ",'inputs':["
            + input("INT8", "[1400000,2]", bytes(2_800_000))
            + "]}";

    Reply reply = binary(identity("INT8"), large, hex);
    Reply refused =
        gateway.send(
            Bodies.post(
                gateway, identity("INT8"), new byte[GatewayExtension.MAX_INFERENCE_BYTES + 1], ""));

    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(Bodies.tail(reply)).hasSize(hex.length());
    assertThat(refused.status()).isEqualTo(413);
  }
}
