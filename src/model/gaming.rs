//! The options of a game.

use serde::{Deserialize, Serialize};

use crate::model::open_enum::open_enum;

/// The options of a game. The service wants the booleans and `kinect_data_for_external`; the numbers of players (2 to
/// 1000) only where the mode is on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GamingOptions {
    /// At least one.
    pub genres: Vec<Genre>,
    /// Several players at one device.
    pub is_local_multiplayer: Option<bool>,
    /// Several players together at one device.
    pub is_local_cooperative: Option<bool>,
    /// Several players over the network.
    pub is_online_multiplayer: Option<bool>,
    /// Several players together over the network.
    pub is_online_cooperative: Option<bool>,
    /// The least number of players.
    pub local_multiplayer_min_players: Option<u32>,
    /// The greatest number of players.
    pub local_multiplayer_max_players: Option<u32>,
    /// The least number of players.
    pub local_cooperative_min_players: Option<u32>,
    /// The greatest number of players.
    pub local_cooperative_max_players: Option<u32>,
    /// The least number of players. Only in samples of the documentation.
    pub online_multiplayer_min_players: Option<u32>,
    /// The greatest number of players. Only in samples of the documentation.
    pub online_multiplayer_max_players: Option<u32>,
    /// The least number of players. Only in samples of the documentation.
    pub online_cooperative_min_players: Option<u32>,
    /// The greatest number of players. Only in samples of the documentation.
    pub online_cooperative_max_players: Option<u32>,
    /// Whether the game may be broadcast.
    pub is_broadcasting_privilege_granted: Option<bool>,
    /// Whether players on Windows and on Xbox can play with each other.
    pub is_cross_play_enabled: Option<bool>,
    /// Whether Kinect data goes to external services.
    pub kinect_data_for_external: KinectDataForExternal,
    /// Other devices, in free text. Only in samples of the documentation.
    pub other_peripherals: String,
}

open_enum! {
    /// The genre of a game.
    Genre {
        /// Action and adventure.
        ActionAndAdventure = "Games_ActionAndAdventure",
        /// Cards and boards.
        CardAndBoard = "Games_CardAndBoard",
        /// Casino.
        Casino = "Games_Casino",
        /// Educational.
        Educational = "Games_Educational",
        /// For the family.
        FamilyAndKids = "Games_FamilyAndKids",
        /// Fighting.
        Fighting = "Games_Fighting",
        /// Music.
        Music = "Games_Music",
        /// Platformer.
        Platformer = "Games_Platformer",
        /// Puzzle and trivia.
        PuzzleAndTrivia = "Games_PuzzleAndTrivia",
        /// Racing and flying.
        RacingAndFlying = "Games_RacingAndFlying",
        /// Role playing.
        RolePlaying = "Games_RolePlaying",
        /// Shooter.
        Shooter = "Games_Shooter",
        /// Simulation.
        Simulation = "Games_Simulation",
        /// Sports.
        Sports = "Games_Sports",
        /// Strategy.
        Strategy = "Games_Strategy",
        /// Words.
        Word = "Games_Word",
    }
}

open_enum! {
    /// Whether Kinect data goes to external services.
    KinectDataForExternal {
        /// Not set.
        NotSet = "NotSet",
        /// Not known.
        Unknown = "Unknown",
        /// It does.
        Enabled = "Enabled",
        /// It does not.
        Disabled = "Disabled",
    }
}
