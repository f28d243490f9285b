"""The sound of a movie: every track, from where its frames begin, or a line that says why not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from host_bridge.cli import main
from host_bridge.deliver import movie
from tests.host_bridge.deliver.conftest import FRAMES


def test_the_sound_of_a_movie_comes_along(stereo: str) -> None:
    with av.open("sound.mka", "w", format="matroska") as out:
        stream = out.add_stream("pcm_s16le", rate=48000, layout="mono")
        for block in range(48):
            wave = (np.sin(np.arange(1000) / 20) * 9000).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(wave, "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, block * 1000, Fraction(1, 48000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert main(["deliver", stereo, "-o", "m_LR.mkv", "--audio", "sound.mka"]) == 0
    with av.open("m_LR.mkv") as file:
        seconds = sum(f.samples for f in file.decode(audio=0)) / 48000
    assert seconds == pytest.approx(len(FRAMES) / 24, abs=0.05)


def with_sound(path: str, encoder: str, tones: dict[str, int], seconds: int = 1) -> None:
    """A sound file of one track for each language."""
    with av.open(path, "w", format="matroska") as out:
        tracks: dict[str, Any] = {each: out.add_stream(encoder, rate=48000, layout="mono") for each in tones}
        for language, stream in tracks.items():
            stream.metadata["language"] = language
        for language, stream in tracks.items():
            wave = np.full((1, 48000 * seconds), tones[language], np.int16)
            sound = av.AudioFrame.from_ndarray(wave, "s16", "mono")
            sound.sample_rate, sound.pts, sound.time_base = 48000, 0, Fraction(1, 48000)
            context = stream.codec_context
            resampled = av.AudioResampler(context.format or "s16", "mono", 48000, context.frame_size or 1000)
            for part in [*resampled.resample(sound), *resampled.resample(None), None]:
                out.mux(stream.encode(part))


def test_every_track_of_the_sound_is_there_beside_its_picture(stereo: str) -> None:
    with_sound("sound.mka", "pcm_s16le", {"eng": 1000, "fra": 9000})
    assert main(["deliver", stereo, "-o", "m_LR.mp4", "--audio", "sound.mka", "--fps", "5"]) == 0
    with av.open("m_LR.mp4") as file:
        tracks = file.streams.audio
        assert [track.metadata["language"] for track in tracks] == ["eng", "fra"]
        order = [packet.stream.type for packet in file.demux() if packet.size]
    assert set(order[:8]) == {"video", "audio"} and order[-1] == "audio"
    for index, level in enumerate((1000, 9000)):
        with av.open("m_LR.mp4") as file:
            heard = np.concatenate([f.to_ndarray().ravel() for f in file.decode(audio=index)])
        assert (heard == level).all() and len(heard) == 48000


@pytest.mark.parametrize(("name", "encoder"), [("m_LR.mov", "flac"), ("m_LR.mxf", "aac")])
def test_sound_that_does_not_fit_is_told_before_the_film_is_encoded(
    stereo: str, name: str, encoder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_sound("sound.mka", encoder, {"eng": 1000})
    monkeypatch.setattr(movie, "SEGMENT", 2)
    assert main(["deliver", stereo, "-o", name, "--audio", "sound.mka", "--codec", "dnxhr"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("art3d: sound.mka: its sound") and len(said.splitlines()) == 1
    assert not Path(name).exists() and len(list(Path(f".{name}.segments").iterdir())) == 1


def test_a_file_without_sound_is_refused_as_such(stereo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deliver", stereo, "-o", "mute_LR.mp4"]) == 0
    assert main(["deliver", stereo, "-o", "m_LR.mp4", "--audio", "mute_LR.mp4"]) == 2
    assert "there is no sound in it" in capsys.readouterr().err and not Path("m_LR.mp4").exists()


def test_sound_begins_where_the_frames_begin(stereo: str) -> None:
    """Of a movie's later frames the sound is theirs."""
    with av.open("film_LR.mkv", "w", format="matroska") as out:
        video = out.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 128, 64, "yuv420p"
        sound = out.add_stream("pcm_s16le", rate=48000, layout="mono")
        for index in range(48):
            shot = av.VideoFrame.from_ndarray(np.full((64, 128, 3), 5 * index, np.uint8), "rgb24")
            shot.pts, shot.time_base = index, Fraction(1, 24)
            out.mux(video.encode(shot))
            tone = av.AudioFrame.from_ndarray(np.full((1, 2000), 600 * index, np.int16), "s16", "mono")
            tone.sample_rate, tone.pts, tone.time_base = 48000, 2000 * index, Fraction(1, 48000)
            out.mux(sound.encode(tone))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    assert main(["deliver", "film_LR.mkv", "-o", "part_TB.mkv", "--frames", "25-36"]) == 0
    with av.open("part_TB.mkv") as file:
        heard = np.concatenate([f.to_ndarray().ravel() for f in file.decode(audio=0)])
    # Matroska's clock counts milliseconds: a block more or less at either end.
    assert abs(int(heard[0]) - 600 * 24) <= 600 and abs(int(heard[-1]) - 600 * 35) <= 600
    assert abs(heard.size - 12 * 2000) <= 2000
