package io.github.dnd4j.examples.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * all-MiniLM-L6-v2 by ONNX Runtime's Java library on the CPU. All use of its classes is in here, so
 * that they are only loaded when it is known that they are there.
 */
final class OnnxRuntimeEncoder implements AutoCloseable {

  private static final long STACK = 64L << 20;
  private static final int WIDTH = 384;

  private final OrtEnvironment environment;
  private final OrtSession session;

  /**
   * Opens the model.
   *
   * @param model its name on the class path
   * @param threads how many threads it may use
   */
  OnnxRuntimeEncoder(String model, int threads) throws OrtException, IOException {
    byte[] bytes;
    try (InputStream in = OnnxRuntimeEncoder.class.getClassLoader().getResourceAsStream(model)) {
      bytes = in.readAllBytes();
    }
    environment = withLargeStack(OrtEnvironment::getEnvironment);
    session = withLargeStack(() -> open(bytes, threads));
  }

  private OrtSession open(byte[] model, int threads) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      return environment.createSession(model, options);
    }
  }

  /** For people. */
  String version() {
    return environment.getVersion();
  }

  /**
   * Encodes.
   *
   * @param tokens the windows
   * @param atOnce how many of them at once
   * @return the last hidden states, {@code [windows, length, 384]}
   */
  float[] encode(PromptTokens tokens, int atOnce) throws OrtException {
    return withLargeStack(() -> encodeOnThisStack(tokens, atOnce));
  }

  private float[] encodeOnThisStack(PromptTokens tokens, int atOnce) throws OrtException {
    List<PromptTokens.Window> windows = tokens.windows();
    float[] states = new float[windows.size() * tokens.length() * WIDTH];
    for (int first = 0; first < windows.size(); first += atOnce) {
      int end = Math.min(windows.size(), first + atOnce);
      run(
          windows.subList(first, end),
          tokens.length(),
          FloatBuffer.wrap(states)
              .slice(first * tokens.length() * WIDTH, (end - first) * tokens.length() * WIDTH));
    }
    return states;
  }

  private void run(List<PromptTokens.Window> windows, int length, FloatBuffer to)
      throws OrtException {
    long[] ids = new long[windows.size() * length];
    long[] mask = new long[ids.length];
    for (int i = 0; i < windows.size(); i++) {
      windows.get(i).ids().duplicate().get(ids, i * length, length);
      Arrays.fill(mask, i * length, i * length + windows.get(i).valid(), 1);
    }
    long[] shape = {windows.size(), length};
    try (OnnxTensor idTensor = tensor(ids, shape);
        OnnxTensor maskTensor = tensor(mask, shape);
        OnnxTensor types = tensor(new long[ids.length], shape);
        OrtSession.Result result =
            session.run(
                Map.of(
                    "input_ids", idTensor,
                    "attention_mask", maskTensor,
                    "token_type_ids", types))) {
      to.put(((OnnxTensor) result.get(0)).getFloatBuffer());
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
  }

  /** ONNX Runtime 1.29 overflows the usual stack of a Java thread, and the process dies of it. */
  private static <T> T withLargeStack(Callable<T> task) throws OrtException {
    FutureTask<T> future = new FutureTask<>(task);
    Thread thread = new Thread(null, future, "onnxruntime", STACK);
    thread.setDaemon(true);
    thread.start();
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new io.github.dnd4j.DragAndDropException("measuring was interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OrtException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
