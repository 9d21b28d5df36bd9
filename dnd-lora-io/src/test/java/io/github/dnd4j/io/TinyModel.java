package io.github.dnd4j.io;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model of random weights, small enough for a test, with its weights as Hugging Face has them. It
 * writes itself as the GGUF file of a base model, and takes an adapter by plain arithmetic.
 */
final class TinyModel {

  static final int LAYERS = 2;
  static final int HIDDEN = 32;
  static final int HEADS = 4;
  static final int HEAD_SIZE = HIDDEN / HEADS;
  static final int KEY_HEADS = 2;
  static final int FFN = 48;
  private static final int CONTEXT = 64;
  private static final float EPSILON = 1e-6f;

  /** Rows of {@code [out][in]}. */
  private final Map<String, float[][]> linear = new LinkedHashMap<>();

  /** Under the names of GGUF; vectors have one row. */
  private final Map<String, float[][]> others = new LinkedHashMap<>();

  private final String architecture;
  private final List<String> vocabulary;

  private TinyModel(String architecture, List<String> vocabulary) {
    this.architecture = architecture;
    this.vocabulary = vocabulary;
  }

  /** Qwen2: biases of q, k and v. Llama: none, and other rows of q and k in the file. */
  static TinyModel causal(String architecture, long seed) {
    Random random = new Random(seed);
    TinyModel model = new TinyModel(architecture, byteVocabulary());
    model.others.put("token_embd.weight", matrix(random, model.vocabulary.size(), HIDDEN, 1));
    model.others.put("output.weight", matrix(random, model.vocabulary.size(), HIDDEN, 1));
    model.others.put("output_norm.weight", vector(random, HIDDEN, 1));
    for (int i = 0; i < LAYERS; i++) {
      String layer = "model.layers." + i + ".";
      int keys = KEY_HEADS * HEAD_SIZE;
      model.putLinear(random, layer + "self_attn.q_proj", HIDDEN, HIDDEN);
      model.putLinear(random, layer + "self_attn.k_proj", keys, HIDDEN);
      model.putLinear(random, layer + "self_attn.v_proj", keys, HIDDEN);
      model.putLinear(random, layer + "self_attn.o_proj", HIDDEN, HIDDEN);
      model.putLinear(random, layer + "mlp.gate_proj", FFN, HIDDEN);
      model.putLinear(random, layer + "mlp.up_proj", FFN, HIDDEN);
      model.putLinear(random, layer + "mlp.down_proj", HIDDEN, FFN);
      String block = "blk." + i + ".";
      model.others.put(block + "attn_norm.weight", vector(random, HIDDEN, 1));
      model.others.put(block + "ffn_norm.weight", vector(random, HIDDEN, 1));
      if (architecture.equals("qwen2")) {
        model.others.put(block + "attn_q.bias", vector(random, HIDDEN, 0));
        model.others.put(block + "attn_k.bias", vector(random, keys, 0));
        model.others.put(block + "attn_v.bias", vector(random, keys, 0));
      }
    }
    return model;
  }

  static TinyModel bert(long seed) {
    Random random = new Random(seed);
    TinyModel model =
        new TinyModel(
            "bert",
            List.of(
                "[PAD]",
                "[UNK]",
                "[CLS]",
                "[SEP]",
                "\u2581a",
                "\u2581tiny",
                "\u2581model",
                "[MASK]"));
    model.others.put("token_embd.weight", matrix(random, model.vocabulary.size(), HIDDEN, 1));
    model.others.put("token_types.weight", matrix(random, 2, HIDDEN, 1));
    model.others.put("position_embd.weight", matrix(random, CONTEXT, HIDDEN, 1));
    model.putNorm(random, "token_embd_norm");
    for (int i = 0; i < LAYERS; i++) {
      String layer = "encoder.layer." + i + ".";
      String block = "blk." + i + ".";
      for (String name : List.of("query", "key", "value")) {
        model.putLinear(random, layer + "attention.self." + name, HIDDEN, HIDDEN);
        model.others.put(block + "attn_" + name.charAt(0) + ".bias", vector(random, HIDDEN, 0));
      }
      model.putLinear(random, layer + "attention.output.dense", HIDDEN, HIDDEN);
      model.putLinear(random, layer + "intermediate.dense", FFN, HIDDEN);
      model.putLinear(random, layer + "output.dense", HIDDEN, FFN);
      model.others.put(block + "attn_output.bias", vector(random, HIDDEN, 0));
      model.others.put(block + "ffn_up.bias", vector(random, FFN, 0));
      model.others.put(block + "ffn_down.bias", vector(random, HIDDEN, 0));
      model.putNorm(random, block + "attn_output_norm");
      model.putNorm(random, block + "layer_output_norm");
    }
    return model;
  }

  private void putNorm(Random random, String name) {
    others.put(name + ".weight", vector(random, HIDDEN, 1));
    others.put(name + ".bias", vector(random, HIDDEN, 0));
  }

  private void putLinear(Random random, String path, int out, int in) {
    linear.put(path, matrix(random, out, in, 1 / Math.sqrt(in)));
  }

  private static float[][] vector(Random random, int length, float mean) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = mean + 0.1f * (float) random.nextGaussian();
    }
    return new float[][] {values};
  }

  private static float[][] matrix(Random random, int rows, int columns, double deviation) {
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) (deviation * random.nextGaussian());
      }
    }
    return values;
  }

  /** GPT-2's letters for the 256 bytes, a word of two letters, and an end. */
  private static List<String> byteVocabulary() {
    List<String> letters = new ArrayList<>();
    int next = 256;
    for (int i = 0; i < 256; i++) {
      boolean visible = (i > ' ' && i <= '~') || (i >= 0xa1 && i <= 0xac) || i >= 0xae;
      letters.add(Character.toString(visible ? i : next++));
    }
    letters.add("th");
    letters.add("<|endoftext|>");
    return letters;
  }

  /** An adapter of all modules, with effects about as large as the weights. */
  LoraAdapter adapter(LoraConfig config, long seed) {
    Random random = new Random(seed);
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    linear.forEach(
        (path, weight) -> {
          int rank = config.rankOf(path);
          weights.put(
              path,
              new LoraWeights(
                  tensor(matrix(random, rank, weight[0].length, 0.3)),
                  tensor(matrix(random, weight.length, rank, 0.3))));
        });
    return new LoraAdapter(config, weights, Map.of());
  }

  /** The same model with {@code scale * B @ A} added to each weight. */
  TinyModel with(LoraAdapter adapter) {
    TinyModel merged = new TinyModel(architecture, vocabulary);
    merged.others.putAll(others);
    merged.linear.putAll(linear);
    for (LoraModule module : adapter.modules()) {
      double scale = adapter.config().scaleOf(module);
      LoraWeights pair = adapter.weights(module.path());
      float[] a = HostFloats.toArray(pair.a());
      float[] b = HostFloats.toArray(pair.b());
      float[][] sum = new float[module.out()][module.in()];
      for (int row = 0; row < module.out(); row++) {
        for (int column = 0; column < module.in(); column++) {
          double change = 0;
          for (int k = 0; k < module.rank(); k++) {
            change += (double) b[row * module.rank() + k] * a[k * module.in() + column];
          }
          sum[row][column] = (float) (linear.get(module.path())[row][column] + scale * change);
        }
      }
      merged.linear.put(module.path(), sum);
    }
    return merged;
  }

  /** Writes the model as llama.cpp wants it. */
  Path write(Path file) {
    GgufWriter writer = new GgufWriter();
    putHeader(writer);
    List<INDArray> tensors = new ArrayList<>();
    others.forEach(
        (name, values) -> {
          tensors.add(
              values.length == 1
                  ? HostFloats.toTensor(values[0], values[0].length)
                  : tensor(values));
          writer.add(name, tensors.get(tensors.size() - 1), TensorType.F32);
        });
    linear.forEach(
        (path, values) -> {
          tensors.add(tensor(turns(path) ? turned(values) : values));
          writer.add(ggufName(path), tensors.get(tensors.size() - 1), TensorType.F32);
        });
    writer.write(file);
    tensors.forEach(INDArray::close);
    return file;
  }

  private static String ggufName(String path) {
    String layer = path.replaceAll("\\D*(\\d+).*", "$1");
    String module = path.replaceAll(".*\\.\\d+\\.", "");
    String name =
        switch (module) {
          case "self_attn.q_proj", "attention.self.query" -> "attn_q";
          case "self_attn.k_proj", "attention.self.key" -> "attn_k";
          case "self_attn.v_proj", "attention.self.value" -> "attn_v";
          case "self_attn.o_proj", "attention.output.dense" -> "attn_output";
          case "mlp.gate_proj" -> "ffn_gate";
          case "mlp.up_proj", "intermediate.dense" -> "ffn_up";
          default -> "ffn_down";
        };
    return "blk." + layer + "." + name + ".weight";
  }

  private boolean turns(String path) {
    return architecture.equals("llama") && path.matches(".*[qk]_proj");
  }

  /** llama.cpp rotates neighbours, Hugging Face the halves of a head. */
  private static float[][] turned(float[][] rows) {
    float[][] turned = new float[rows.length][];
    int half = HEAD_SIZE / 2;
    for (int head = 0; head < rows.length / HEAD_SIZE; head++) {
      for (int i = 0; i < half; i++) {
        turned[head * HEAD_SIZE + 2 * i] = rows[head * HEAD_SIZE + i];
        turned[head * HEAD_SIZE + 2 * i + 1] = rows[head * HEAD_SIZE + half + i];
      }
    }
    return turned;
  }

  private void putHeader(GgufWriter writer) {
    boolean causal = !architecture.equals("bert");
    writer
        .put("general.architecture", architecture)
        .put(architecture + ".block_count", LAYERS)
        .put(architecture + ".context_length", CONTEXT)
        .put(architecture + ".embedding_length", HIDDEN)
        .put(architecture + ".feed_forward_length", FFN)
        .put(architecture + ".attention.head_count", HEADS)
        .put("tokenizer.ggml.tokens", vocabulary);
    if (causal) {
      int[] kinds = new int[vocabulary.size()];
      java.util.Arrays.fill(kinds, 1);
      kinds[kinds.length - 1] = 3;
      writer
          .put(architecture + ".attention.head_count_kv", KEY_HEADS)
          .put(architecture + ".attention.layer_norm_rms_epsilon", EPSILON)
          .put(architecture + ".rope.freq_base", 10_000f)
          .put(architecture + ".rope.dimension_count", HEAD_SIZE)
          .put("tokenizer.ggml.model", "gpt2")
          .put("tokenizer.ggml.pre", architecture.equals("qwen2") ? "qwen2" : "llama-bpe")
          .put("tokenizer.ggml.token_type", kinds)
          .put("tokenizer.ggml.merges", List.of("t h"))
          .put("tokenizer.ggml.add_bos_token", false)
          .put("tokenizer.ggml.bos_token_id", vocabulary.size() - 1)
          .put("tokenizer.ggml.eos_token_id", vocabulary.size() - 1);
    } else {
      writer
          .put("bert.attention.layer_norm_epsilon", 1e-12f)
          .put("bert.attention.causal", false)
          .put("bert.pooling_type", 1)
          .put("tokenizer.ggml.model", "bert")
          .put("tokenizer.ggml.token_type_count", 2)
          .put("tokenizer.ggml.padding_token_id", 0)
          .put("tokenizer.ggml.unknown_token_id", 1)
          .put("tokenizer.ggml.cls_token_id", 2)
          .put("tokenizer.ggml.mask_token_id", vocabulary.indexOf("[MASK]"))
          .put("tokenizer.ggml.bos_token_id", 2)
          .put("tokenizer.ggml.seperator_token_id", 3)
          .put("tokenizer.ggml.eos_token_id", 3);
    }
  }

  private static INDArray tensor(float[][] rows) {
    float[] values = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, values, i * rows[0].length, rows[0].length);
    }
    return HostFloats.toTensor(values, rows.length, rows[0].length);
  }

  /** The tokens of a text of letters, by the vocabulary's one rule for two of them. */
  private int[] tokens(String text) {
    List<Integer> tokens = new ArrayList<>();
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < bytes.length; i++) {
      if (text.startsWith("th", i)) {
        tokens.add(vocabulary.indexOf("th"));
        i++;
      } else {
        tokens.add((int) bytes[i]);
      }
    }
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * What follows a text, as a logit of every token, computed as Hugging Face's modelling code for
   * Qwen2 and Llama does.
   */
  double[] logits(String text) {
    int[] tokens = tokens(text);
    double[][] x = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      x[t] = doubles(others.get("token_embd.weight")[tokens[t]]);
    }
    for (int i = 0; i < LAYERS; i++) {
      addAttention(x, i);
      addFeedForward(x, i);
    }
    double[] last = norm(x[x.length - 1], "output_norm.weight");
    double[] logits = new double[vocabulary.size()];
    for (int token = 0; token < logits.length; token++) {
      logits[token] = dot(doubles(others.get("output.weight")[token]), last, 0, 0, HIDDEN);
    }
    return logits;
  }

  private void addAttention(double[][] x, int layer) {
    int count = x.length;
    double[][] q = new double[count][];
    double[][] k = new double[count][];
    double[][] v = new double[count][];
    String path = "model.layers." + layer + ".self_attn.";
    String block = "blk." + layer + ".attn_";
    for (int t = 0; t < count; t++) {
      double[] h = norm(x[t], block + "norm.weight");
      q[t] = rotated(apply(path + "q_proj", block + "q.bias", h), t);
      k[t] = rotated(apply(path + "k_proj", block + "k.bias", h), t);
      v[t] = apply(path + "v_proj", block + "v.bias", h);
    }
    for (int t = 0; t < count; t++) {
      double[] mixed = new double[HIDDEN];
      for (int head = 0; head < HEADS; head++) {
        mix(q[t], k, v, t, head, mixed);
      }
      add(x[t], apply(path + "o_proj", "", mixed));
    }
  }

  private static void mix(double[] q, double[][] k, double[][] v, int t, int head, double[] mixed) {
    int from = head * HEAD_SIZE;
    int keys = head / (HEADS / KEY_HEADS) * HEAD_SIZE;
    double[] weights = new double[t + 1];
    double sum = 0;
    for (int s = 0; s <= t; s++) {
      weights[s] = Math.exp(dot(q, k[s], from, keys, HEAD_SIZE) / Math.sqrt(HEAD_SIZE));
      sum += weights[s];
    }
    for (int s = 0; s <= t; s++) {
      for (int i = 0; i < HEAD_SIZE; i++) {
        mixed[from + i] += weights[s] / sum * v[s][keys + i];
      }
    }
  }

  private void addFeedForward(double[][] x, int layer) {
    String path = "model.layers." + layer + ".mlp.";
    for (double[] token : x) {
      double[] h = norm(token, "blk." + layer + ".ffn_norm.weight");
      double[] gate = apply(path + "gate_proj", "", h);
      double[] up = apply(path + "up_proj", "", h);
      for (int i = 0; i < FFN; i++) {
        up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
      }
      add(token, apply(path + "down_proj", "", up));
    }
  }

  /** Pairs the first and the second half of each head. */
  private static double[] rotated(double[] values, int position) {
    double[] rotated = new double[values.length];
    int half = HEAD_SIZE / 2;
    for (int i = 0; i < values.length; i++) {
      int within = i % HEAD_SIZE;
      double angle = position * Math.pow(10_000, -(double) (within % half) / half);
      double other = within < half ? -values[i + half] : values[i - half];
      rotated[i] = values[i] * Math.cos(angle) + other * Math.sin(angle);
    }
    return rotated;
  }

  private double[] apply(String path, String bias, double[] x) {
    float[][] weight = linear.get(path);
    double[] y = new double[weight.length];
    for (int row = 0; row < y.length; row++) {
      y[row] = dot(doubles(weight[row]), x, 0, 0, x.length);
    }
    if (others.containsKey(bias)) {
      add(y, doubles(others.get(bias)[0]));
    }
    return y;
  }

  private double[] norm(double[] x, String weight) {
    double scale = 1 / Math.sqrt(dot(x, x, 0, 0, HIDDEN) / HIDDEN + EPSILON);
    double[] y = new double[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      y[i] = x[i] * scale * others.get(weight)[0][i];
    }
    return y;
  }

  private static double dot(double[] a, double[] b, int fromA, int fromB, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += a[fromA + i] * b[fromB + i];
    }
    return sum;
  }

  private static void add(double[] to, double[] what) {
    for (int i = 0; i < to.length; i++) {
      to[i] += what[i];
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
