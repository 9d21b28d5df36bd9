package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The published decoders of Drag-and-Drop LLMs, and a small one. Weights of the presets with a
 * squeeze exist in two variants; {@link HyperConvConfig#withSqueeze} chooses the other than {@link
 * Variant#PERMUTE}.
 */
@SuppressWarnings("ImmutableEnumChecker") // its fields are records that copy what they hold
public enum HyperConvPreset {
  /** Common sense, for Qwen2.5-0.5B-Instruct: 1,113 M parameters. */
  QWEN25_0_5B(
      "qwen2.5-0.5b",
      "(128,384,384) (128,200,300) (128,100,256) (256,50,200) (512,50,200) (1024,25,200)"
          + " (1024,10,200) (2048,10,200) (4296,10,130)",
      9,
      0,
      LoraTargets.QWEN25_0_5B),
  /** Math, for Qwen2.5-1.5B-Instruct. */
  QWEN25_1_5B_MATH(
      "qwen2.5-1.5b-math",
      "(32,1000,384) (64,500,300) (256,500,300) (512,125,300) (1024,64,256) (2048,32,256)"
          + " (4508,18,258)",
      11,
      4608,
      LoraTargets.QWEN25_1_5B),
  /** Coding, for Qwen2.5-Coder-1.5B-Instruct: 1,743 M parameters with its squeeze. */
  QWEN25_1_5B_CODING(
      "qwen2.5-1.5b-coding",
      "(16,1000,384) (64,500,300) (256,125,300) (512,64,300) (1024,64,256) (2048,32,256)"
          + " (4508,18,258)",
      11,
      26624,
      LoraTargets.QWEN25_1_5B.withBaseModel("Qwen/Qwen2.5-Coder-1.5B-Instruct")),
  /** Math, for Qwen2.5-7B-Instruct. */
  QWEN25_7B_MATH(
      "qwen2.5-7b-math",
      "(16,1000,384) (64,500,384) (256,125,400) (512,64,400) (1024,64,400) (2048,32,400)"
          + " (4928,18,514)",
      11,
      4608,
      LoraTargets.QWEN25_7B),
  /** Coding, for Qwen2.5-Coder-7B-Instruct: 1,964 M parameters with its squeeze. */
  QWEN25_7B_CODING(
      "qwen2.5-7b-coding",
      "(16,1000,384) (64,500,384) (256,125,400) (512,64,400) (1024,64,400) (2048,32,400)"
          + " (4928,18,514)",
      11,
      26624,
      LoraTargets.QWEN25_7B.withBaseModel("Qwen/Qwen2.5-Coder-7B-Instruct")),
  /** Multimodal, for Qwen2.5-VL-3B-Instruct. */
  QWEN25_VL_3B(
      "qwen2.5-vl-3b",
      "(16,1536,384) (64,500,300) (256,125,300) (1024,64,300) (2048,16,256) (7308,18,258)",
      11,
      0,
      LoraTargets.QWEN25_VL_3B),
  /** The paper's ablation with GloVe word vectors as conditions. */
  ABLATION_GLOVE(
      "ablation-glove",
      "(128,200,300) (200,100,256) (256,50,256) (512,20,256) (1024,20,128) (2048,10,128)"
          + " (4296,10,130)",
      9,
      0,
      LoraTargets.QWEN25_0_5B),
  /** The paper's ablation with the encoder of T5-base. */
  ABLATION_T5_BASE(
      "ablation-t5-base",
      "(64,384,768) (256,256,512) (512,100,256) (1024,50,256) (2048,20,128) (4296,10,130)",
      9,
      0,
      LoraTargets.QWEN25_0_5B),
  /** The paper's ablation with Qwen2.5-7B as the encoder. */
  ABLATION_QWEN25_7B(
      "ablation-qwen2.5-7b",
      "(20,384,3584) (50,300,2000) (128,128,1024) (256,32,512) (1024,10,256) (4296,10,130)",
      9,
      0,
      LoraTargets.QWEN25_0_5B),
  /** A small one for adapters of the sentence encoder all-MiniLM-L6-v2: 6.1 M parameters. */
  MINILM_L6(
      "minilm-l6", "(16,32,384) (32,24,160) (96,16,144) (324,10,130)", 5, 0, LoraTargets.MINILM_L6);

  private final String id;
  private final HyperConvConfig config;
  private final LoraTarget target;

  HyperConvPreset(String id, String features, int kernel, int squeezedFrom, LoraTarget target) {
    this.id = id;
    this.target = target;
    HyperConvConfig plain = HyperConvConfig.of(features, kernel);
    this.config =
        squeezedFrom == 0
            ? plain
            : plain.withSqueeze(new LengthSqueeze(Variant.PERMUTE, squeezedFrom));
  }

  /**
   * The preset of a name.
   *
   * @param id for example {@code qwen2.5-0.5b}
   * @return the preset
   * @throws InvalidInputException if there is none; the message lists the names
   */
  public static HyperConvPreset byId(String id) {
    return Arrays.stream(values())
        .filter(preset -> preset.id.equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "no preset is called " + id + "; the names are " + ids()));
  }

  /**
   * The names of all presets.
   *
   * @return the names, separated by commas
   */
  public static String ids() {
    return Arrays.stream(values()).map(HyperConvPreset::id).collect(Collectors.joining(", "));
  }

  /**
   * The preset's name.
   *
   * @return for example {@code qwen2.5-0.5b}
   */
  public String id() {
    return id;
  }

  /**
   * The decoder's structure.
   *
   * @return the structure
   */
  public HyperConvConfig config() {
    return config;
  }

  /**
   * The model that the decoder generates adapters for.
   *
   * @return the target
   */
  public LoraTarget target() {
    return target;
  }
}
