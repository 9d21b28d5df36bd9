package io.github.dnd4j.encoder;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.Workers;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A text model that ONNX Runtime runs. All use of ONNX Runtime's classes is in here, so that it is
 * only loaded when a model is opened.
 */
final class OnnxSession implements AutoCloseable {

  private static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final String POSITIONS = "position_ids";

  /** Names that exporters give to the hidden states of the tokens. */
  private static final List<String> USUAL_OUTPUTS =
      List.of("last_hidden_state", "token_embeddings");

  /** The tokens of the text that a model of unknown width is asked about. */
  private static final int PROBE_TOKENS = 4;

  private final Path path;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Set<String> inputs = new TreeSet<>();
  private final String output;
  private final int width;

  /**
   * Opens a model.
   *
   * @param path its file, which with all it needs was checked
   * @param wanted the output to take; null for the one that is the hidden states
   */
  OnnxSession(Path path, String wanted) {
    this.path = path;
    try {
      environment = LargeStack.call(OrtEnvironment::getEnvironment);
      session = LargeStack.call(() -> open(environment, path));
    } catch (OrtException e) {
      throw new FileFormatException(
          path + " cannot be opened by ONNX Runtime: " + e.getMessage(), e);
    }
    try {
      checkInputs(session.getInputInfo());
      Map<String, NodeInfo> outputs = session.getOutputInfo();
      output = wanted == null ? chooseOutput(outputs) : checkOutput(outputs, wanted);
      width = width(shape(outputs.get(output)));
    } catch (OrtException e) {
      close();
      throw new FileFormatException(path + " has inputs or outputs that cannot be read: " + e, e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static OrtSession open(OrtEnvironment environment, Path path) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(Workers.preferredThreads());
      options.setInterOpNumThreads(1);
      // What is wrong comes as an exception; a library does not write to the console.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return environment.createSession(path.toString(), options);
    }
  }

  private void checkInputs(Map<String, NodeInfo> infos) {
    inputs.addAll(infos.keySet());
    Set<String> unknown = new TreeSet<>(inputs);
    unknown.removeAll(Set.of(IDS, MASK, TYPES, POSITIONS));
    if (!unknown.isEmpty() || !inputs.containsAll(Set.of(IDS, MASK))) {
      throw new FileFormatException(
          path
              + " takes the inputs "
              + inputs
              + ", but a text encoder must take input_ids and attention_mask, may take"
              + " token_type_ids and position_ids, and nothing else"
              + (unknown.isEmpty() ? "" : ": what to give " + unknown + " is not known"));
    }
    infos.forEach(this::checkInput);
  }

  private void checkInput(String name, NodeInfo info) {
    boolean numbers =
        info.getInfo() instanceof TensorInfo tensor && isOf(tensor, OnnxJavaType.INT64);
    if (!numbers || Arrays.stream(shape(info)).anyMatch(size -> size != -1)) {
      throw new FileFormatException(
          path
              + ": the input "
              + name
              + " must be int64 [batch, tokens] with both sizes free, but is "
              + describe(info)
              + ". Export the model with dynamic axes");
    }
  }

  private static boolean isOf(TensorInfo tensor, OnnxJavaType type) {
    return tensor.type == type;
  }

  /** -1 for sizes that are free; empty if not even the rank is known, or if it is no tensor. */
  private static long[] shape(NodeInfo info) {
    return info.getInfo() instanceof TensorInfo tensor ? tensor.getShape() : new long[0];
  }

  private String chooseOutput(Map<String, NodeInfo> outputs) {
    for (String usual : USUAL_OUTPUTS) {
      if (outputs.containsKey(usual)) {
        return checkOutput(outputs, usual);
      }
    }
    List<String> candidates =
        outputs.keySet().stream()
            .filter(name -> isFloats(outputs.get(name)) && shape(outputs.get(name)).length == 3)
            .toList();
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    throw new FileFormatException(
        path
            + (candidates.isEmpty()
                ? " gives no hidden states of tokens, float [batch, tokens, width]"
                : " gives several outputs that may be the hidden states of the tokens: "
                    + candidates
                    + ". Name the one to take")
            + "; its outputs are "
            + describe(outputs.values()));
  }

  private String checkOutput(Map<String, NodeInfo> outputs, String name) {
    NodeInfo info = outputs.get(name);
    if (info == null) {
      throw new FileFormatException(
          path + " has no output '" + name + "'; its outputs are " + describe(outputs.values()));
    }
    // A model may leave an output's shape open; then the first run tells.
    boolean fits = shape(info).length == 3 || shape(info).length == 0;
    if (!isFloats(info) || !fits) {
      throw new FileFormatException(
          path
              + ": the output "
              + name
              + " must be float [batch, tokens, width], but is "
              + describe(info));
    }
    return name;
  }

  private static boolean isFloats(NodeInfo info) {
    return info.getInfo() instanceof TensorInfo tensor && isOf(tensor, OnnxJavaType.FLOAT);
  }

  private static String describe(Collection<NodeInfo> infos) {
    return infos.stream().map(info -> info.getName() + " " + describe(info)).toList().toString();
  }

  private static String describe(NodeInfo info) {
    return info.getInfo() instanceof TensorInfo tensor
        ? tensor.type + " " + Arrays.toString(tensor.getShape()).replace("-1", "any")
        : "no tensor";
  }

  private int width(long[] shape) {
    if (shape.length == 3 && shape[2] > 0) {
      return Math.toIntExact(shape[2]);
    }
    long[] ids = new long[PROBE_TOKENS];
    long[] mask = new long[PROBE_TOKENS];
    Arrays.fill(mask, 1);
    return Math.toIntExact(probed(run(ids, mask, 1, PROBE_TOKENS).shape));
  }

  private long probed(long[] shape) {
    if (shape.length != 3 || shape[0] != 1 || shape[1] != PROBE_TOKENS || shape[2] < 1) {
      throw wrongShape(shape, "[1, " + PROBE_TOKENS + ", width]");
    }
    return shape[2];
  }

  private ShapeMismatchException wrongShape(long[] actual, String expected) {
    return new ShapeMismatchException(
        path
            + ": the output "
            + output
            + " must have the shape "
            + expected
            + ", but has "
            + Arrays.toString(actual));
  }

  /** C, the width of a token's hidden state. */
  int width() {
    return width;
  }

  /**
   * The hidden states of some windows.
   *
   * @param windows at least one, all of the same length
   * @return {@code [windows, length, C]}
   */
  float[] run(List<Window> windows) {
    int length = windows.get(0).length();
    long[] ids = new long[windows.size() * length];
    long[] mask = new long[ids.length];
    for (int i = 0; i < windows.size(); i++) {
      Window window = windows.get(i);
      for (int at = 0; at < length; at++) {
        ids[i * length + at] = window.ids().get(at);
      }
      Arrays.fill(mask, i * length, i * length + window.valid(), 1);
    }
    States states = run(ids, mask, windows.size(), length);
    long[] expected = {windows.size(), length, width};
    if (!Arrays.equals(states.shape, expected)) {
      throw wrongShape(states.shape, Arrays.toString(expected));
    }
    return checkFinite(states.values);
  }

  private float[] checkFinite(float[] states) {
    for (float state : states) {
      if (!Float.isFinite(state)) {
        throw new DragAndDropException(
            path
                + " gives hidden states that are NaN or infinite. If only texts much shorter than"
                + " the text length bring them, the model cannot do windows of nothing but"
                + " padding: use a text length that is no longer than its window");
      }
    }
    return states;
  }

  /** What a run gives. */
  private static final class States {

    private final float[] values;
    private final long[] shape;

    States(float[] values, long[] shape) {
      this.values = values;
      this.shape = shape;
    }
  }

  private States run(long[] ids, long[] mask, int batch, int length) {
    try {
      return LargeStack.call(() -> runOnThisStack(ids, mask, new long[] {batch, length}));
    } catch (OrtException e) {
      throw new DragAndDropException(
          path
              + " cannot be run by ONNX Runtime on token ids ["
              + batch
              + ", "
              + length
              + "]: "
              + e.getMessage(),
          e);
    }
  }

  private States runOnThisStack(long[] ids, long[] mask, long[] shape) throws OrtException {
    Map<String, OnnxTensor> feeds = new HashMap<>();
    try {
      for (String input : inputs) {
        long[] values =
            switch (input) {
              case IDS -> ids;
              case MASK -> mask;
              case POSITIONS -> positions(shape);
              default -> new long[ids.length];
            };
        feeds.put(input, OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape));
      }
      try (OrtSession.Result result = session.run(feeds, Set.of(output))) {
        OnnxTensor states = (OnnxTensor) result.get(0);
        float[] values = new float[Math.toIntExact(states.getInfo().getNumElements())];
        states.getFloatBuffer().get(values);
        return new States(values, states.getInfo().getShape());
      }
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  private static long[] positions(long[] shape) {
    long[] positions = new long[Math.toIntExact(shape[0] * shape[1])];
    Arrays.setAll(positions, i -> i % shape[1]);
    return positions;
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new DragAndDropException(path + " cannot be closed by ONNX Runtime: " + e, e);
    }
  }
}
