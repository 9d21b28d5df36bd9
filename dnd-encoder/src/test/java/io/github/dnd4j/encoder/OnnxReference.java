package io.github.dnd4j.encoder;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/**
 * A model on the class path by ONNX Runtime, tokens included, with the tokenizer's own truncation
 * and padding set to the length asked for.
 */
final class OnnxReference implements AutoCloseable {

  private static final int WINDOW = 512;
  private static final int TEXTS_PER_RUN = 8;

  private final ClassPathModel model;
  private final OrtEnvironment environment;
  private final OrtSession session;

  OnnxReference(ClassPathModel model) throws Exception {
    this.model = model;
    byte[] onnx = model.onnx();
    environment = withLargeStack(OrtEnvironment::getEnvironment);
    session =
        withLargeStack(() -> environment.createSession(onnx, new OrtSession.SessionOptions()));
  }

  /** ONNX Runtime 1.29 overflows the usual stack of a Java thread, and the process dies of it. */
  private static <T> T withLargeStack(Callable<T> task) throws Exception {
    FutureTask<T> future = new FutureTask<>(task);
    Thread thread = new Thread(null, future, "onnxruntime", 64L << 20);
    thread.start();
    thread.join();
    return future.get();
  }

  /** Last hidden states {@code [texts, length, 384]}, in windows of 512 if the length is larger. */
  float[] encode(List<String> texts, int length) throws Exception {
    Encoding[] encodings = tokenize(texts, length);
    float[] states = new float[texts.size() * length * 384];
    int window = Math.min(length, WINDOW);
    for (int first = 0; first < texts.size(); first += TEXTS_PER_RUN) {
      int end = Math.min(texts.size(), first + TEXTS_PER_RUN);
      for (int from = 0; from < length; from += window) {
        long[][] ids = new long[end - first][];
        long[][] mask = new long[end - first][];
        for (int i = first; i < end; i++) {
          ids[i - first] = Arrays.copyOfRange(encodings[i].getIds(), from, from + window);
          mask[i - first] =
              Arrays.copyOfRange(encodings[i].getAttentionMask(), from, from + window);
        }
        FloatBuffer result = withLargeStack(() -> run(ids, mask));
        for (int i = first; i < end; i++) {
          result.get(states, (i * length + from) * 384, window * 384);
        }
      }
    }
    return states;
  }

  /** For each text how many of its positions are tokens; the others are padding. */
  int[] tokens(List<String> texts, int length) throws IOException {
    return Arrays.stream(tokenize(texts, length))
        .mapToInt(encoding -> (int) Arrays.stream(encoding.getAttentionMask()).sum())
        .toArray();
  }

  private Encoding[] tokenize(List<String> texts, int length) throws IOException {
    String before = System.getProperty("ai.djl.offline");
    System.setProperty("ai.djl.offline", "true");
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(model.tokenizer()),
            Map.of(
                "truncation",
                "true",
                "padding",
                "max_length",
                "maxLength",
                Integer.toString(length),
                "modelMaxLength",
                Integer.toString(length)))) {
      return tokenizer.batchEncode(texts);
    } finally {
      if (before == null) {
        System.clearProperty("ai.djl.offline");
      }
    }
  }

  private FloatBuffer run(long[][] ids, long[][] mask) throws OrtException {
    try (OnnxTensor idTensor = OnnxTensor.createTensor(environment, ids);
        OnnxTensor maskTensor = OnnxTensor.createTensor(environment, mask);
        OnnxTensor types =
            OnnxTensor.createTensor(environment, new long[ids.length][ids[0].length]);
        OrtSession.Result result =
            session.run(
                Map.of(
                    "input_ids",
                    idTensor,
                    "attention_mask",
                    maskTensor,
                    "token_type_ids",
                    types))) {
      return ((OnnxTensor) result.get(0)).getFloatBuffer();
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
